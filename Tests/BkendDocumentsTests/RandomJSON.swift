import BkendWire

/// SplitMix64: the same numbers from the same seed on every machine.
struct SeededGenerator: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = (state ^ (state >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}

/// Small random values from a domain in which many of them are equal or nearly so.
enum RandomJSON {
    static let scalars: [JSON] = [
        nil, true, false, 0, 1, 2, -1, 1.5, -0.0, 1e308, .int(.max), .int(.min), .int(1 << 53), .int(1 << 53 + 1),
        .double(0x1p53), .double(0x1p63), "", "1", "a", "A", "b", "a\u{0}", "a\u{0}b", "\u{0}", "é", "e\u{301}",
        "\u{FFFD}",
        "\u{10000}", "null", "ab",
    ]
    static let names = ["a", "b", "c", "0", "1"]

    static func value(depth: Int, using random: inout SeededGenerator) -> JSON {
        switch Int.random(in: 0..<10, using: &random) {
        case 0..<2 where depth > 0:
            let count = Int.random(in: 0...3, using: &random)
            return .array((0..<count).map { _ in value(depth: depth - 1, using: &random) })
        case 2..<4 where depth > 0: return .object(object(depth: depth - 1, using: &random))
        default: return scalars.randomElement(using: &random) ?? nil
        }
    }

    static func object(depth: Int, using random: inout SeededGenerator) -> JSONObject {
        var object = JSONObject()
        for _ in 0..<Int.random(in: 0...3, using: &random) {
            object[names.randomElement(using: &random) ?? "a"] = value(depth: depth, using: &random)
        }
        return object
    }
}
