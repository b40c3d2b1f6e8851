import BkendWire

/// A generator whose numbers repeat for a seed (SplitMix64), so that a failing run can be run again.
struct SeededGenerator: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }
}

/// Values that lean towards the corners: limits of integers and doubles, Unicode forms, empty containers.
struct RandomJSON {
    var random: SeededGenerator

    init(seed: UInt64) { random = SeededGenerator(seed: seed) }

    mutating func value(depth: Int = 4) -> JSON {
        switch Int.random(in: 0..<(depth > 0 ? 9 : 6), using: &random) {
        case 0: return .null
        case 1: return .bool(.random(using: &random))
        case 2: return .int(integer())
        case 3: return .double(double())
        case 4, 5: return .string(string())
        case 6: return .array((0..<Int.random(in: 0...5, using: &random)).map { _ in value(depth: depth - 1) })
        default: return .object(object(depth: depth))
        }
    }

    mutating func object(depth: Int = 4) -> JSONObject {
        let count = Int.random(in: 0..<20, using: &random) == 0 ? 40 : Int.random(in: 0...6, using: &random)
        return JSONObject((0..<count).map { _ in (string(), value(depth: depth - 1)) })
    }

    mutating func integer() -> Int64 {
        let corners: [Int64] = [0, 1, -1, .max, .min, 1 << 53, (1 << 53) + 1, (1 << 53) - 1, -(1 << 53) - 1, .max - 1]
        switch Int.random(in: 0..<3, using: &random) {
        case 0: return corners.randomElement(using: &random) ?? 0
        case 1: return .random(in: -1_000...1_000, using: &random)
        default: return Int64(truncatingIfNeeded: random.next())
        }
    }

    mutating func double() -> Double {
        let corners = [
            0, -0.0, 0.1, .leastNonzeroMagnitude, -.leastNonzeroMagnitude, 2.2250738585072014e-308, 1e308,
            .greatestFiniteMagnitude, 1e21, 1e-7,
            0x1p53 + 2, 0x1p53, 0x1p62, 0x1p63, -0x1p63, 0x1p64, 1.5e20, 1e22, 1e23,
        ]
        switch Int.random(in: 0..<4, using: &random) {
        case 0: return corners.randomElement(using: &random) ?? 0
        case 1: return Double.random(in: 0x1p53...0x1p63, using: &random).rounded()
        case 2: return Double(Int.random(in: -99_999...99_999, using: &random)) / 100
        default:
            let value = Double(bitPattern: random.next())
            return value.isFinite ? value : 1.5
        }
    }

    mutating func string() -> String {
        let pieces = [
            "a", "b", "title", "$gt", ".", " ", "\u{0}", "\u{1F}", "\"", "\\", "/", "\n", "é", "e\u{301}", "한", "가",
            "\u{FFFF}", "\u{10FFFF}", "🦊", "\u{7F}", "\u{2028}", "\u{FEFF}", "\u{D7FF}", "\u{E000}", "Å", "\u{212B}",
        ]
        return (0..<Int.random(in: 0...5, using: &random)).reduce("") { text, _ in
            text + (pieces.randomElement(using: &random) ?? "")
        }
    }
}

extension JSON {
    /// Whether two values are the same bit for bit: `==` calls 1 and 1.0 equal, and 0 and −0.
    func isIdentical(to other: JSON) -> Bool {
        switch (self, other) {
        case (.null, .null): true
        case (.bool(let x), .bool(let y)): x == y
        case (.int(let x), .int(let y)): x == y
        case (.double(let x), .double(let y)): x.bitPattern == y.bitPattern
        case (.string(let x), .string(let y)): x.utf8.elementsEqual(y.utf8)
        case (.array(let x), .array(let y)): x.count == y.count && zip(x, y).allSatisfy { $0.isIdentical(to: $1) }
        case (.object(let x), .object(let y)):
            x.count == y.count
                && zip(x, y).allSatisfy { $0.key.utf8.elementsEqual($1.key.utf8) && $0.value.isIdentical(to: $1.value) }
        default: false
        }
    }

    /// The value that its text reads back as: a whole double within 64 bits returns as the integer it prints.
    var canonical: JSON {
        switch self {
        case .double(let value):
            if value == 0, value.sign == .minus { return self }
            return Int64(exactly: value).map(JSON.int) ?? self
        case .array(let values): return .array(values.map(\.canonical))
        case .object(let object): return .object(JSONObject(object.map { ($0.key, $0.value.canonical) }))
        default: return self
        }
    }
}
