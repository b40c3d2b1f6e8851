import BkendWire

/// The dice of one run: a seed makes the same requests.
struct FuzzRandom: RandomNumberGenerator {
    private var state: UInt64
    /// How many bytes of text the present request may still have: past every limit, and no more. Texts within texts came
    /// to hundreds of megabytes, and what the fuzzer took for them was counted as the server's.
    private var room = Self.most

    private static let most = 24 << 20

    init(seed: UInt64) { state = seed }

    /// SplitMix64 (Steele, Lea, Flood: "Fast Splittable Pseudorandom Number Generators").
    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }

    /// Begins a request.
    mutating func begin() { room = Self.most }

    /// True once in so many times.
    mutating func once(in count: Int) -> Bool { Int.random(in: 0..<count, using: &self) == 0 }

    mutating func pick<Element>(_ elements: [Element]) -> Element? { elements.randomElement(using: &self) }

    /// Text that parsers like to trip over.
    mutating func text() -> String {
        let corners = [
            "", " ", "$", "$ne", "a.b", "__proto__", "null", "true", "-1", "0", "1e309", "9223372036854775808", "\u{0}",
            "\u{FEFF}", "\u{202E}", "../..", "%00", "'; DROP TABLE users; --", "{\"$gt\":\"\"}", "<script>", "é",
            "e\u{301}",
            "😀", "1970-01-01T00:00:00Z", "2025-02-30T00:00:00Z", "[0]", "id", "createdAt", "*", "a,b,c",
        ]
        switch Int.random(in: 0..<6, using: &self) {
        case 0: return String(repeating: pick(["a", "é", "😀", "\\", "\"", "$"]) ?? "a", count: length())
        case 1: return String(next(), radix: 36)
        default: return pick(corners) ?? ""
        }
    }

    /// A length, mostly small, sometimes past every limit.
    mutating func length() -> Int {
        let drawn =
            switch Int.random(in: 0..<10, using: &self) {
            case 0: Int.random(in: 1_000...20_000, using: &self)
            case 1: once(in: 10) ? Int.random(in: 20_000...1_200_000, using: &self) : 1_025
            default: Int.random(in: 0...130, using: &self)
            }
        // Four bytes a character at most.
        let length = min(drawn, max(0, room / 4))
        room -= length * 4
        return length
    }

    /// Any JSON.
    mutating func json(depth: Int = 3) -> JSON {
        switch Int.random(in: 0..<(depth > 0 ? 10 : 6), using: &self) {
        case 0: return .null
        case 1: return .bool(.random(using: &self))
        case 2: return .int(pick([0, 1, -1, .max, .min, 1 << 53, 42]) ?? 0)
        case 3: return .double(pick([0.5, -0.0, 1e308, 1e-300, 1e21]) ?? 0)
        case 4, 5: return .string(text())
        case 6, 7: return .array((0..<count()).map { _ in json(depth: depth - 1) })
        default: return .object(JSONObject((0..<count()).map { ("\(text())\($0)", json(depth: depth - 1)) }))
        }
    }

    /// A number of members or elements, mostly small.
    mutating func count() -> Int {
        once(in: 40) ? Int.random(in: 100...2_000, using: &self) : Int.random(in: 0...5, using: &self)
    }
}
