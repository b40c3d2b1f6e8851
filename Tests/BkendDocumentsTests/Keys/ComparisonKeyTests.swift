import BkendWire
import Testing

@testable import BkendDocuments

@Suite struct ComparisonKeyTests {
    static let numbers: [JSON] = [
        .int(.min), .double(-0x1p63), .int(.min + 1), .int(-(1 << 53) - 1), .double(-0x1p53), -1.5, -1,
        .double(-Double.leastNonzeroMagnitude), -0.0,
        0,
        .double(0.0), .double(.leastNonzeroMagnitude), 0.1, 1, 1.0, 1.5, 2, .int(1 << 53 - 1), .int(1 << 53),
        .double(0x1p53), .int(1 << 53 + 1),
        .int(1 << 53 + 2), .int(1 << 53 + 3), .double(0x1p53 + 2), .int(.max - 1), .int(.max - 511), .int(.max - 512),
        .int(.max - 513), .int(.max), .double(0x1p63), .double(0x1p63.nextUp), .double(0x1p63.nextDown), 1e300, 1e308,
        .double(.greatestFiniteMagnitude), -1e308, .int(999_999_999_999_999_999), .int(1_000_000_000_000_000_000),
    ]

    private func expectSameOrder(_ a: JSON, _ b: JSON) {
        let keys = ByteOrder.compare(ComparisonKey.of(a), ComparisonKey.of(b)).signum()
        #expect(keys == ReferenceOrder.compare(a, b).signum(), "\(a) against \(b)")
    }

    @Test("Numbers compare by value, integers and doubles alike")
    func numbersCompareValue() {
        for a in Self.numbers { for b in Self.numbers { expectSameOrder(a, b) } }
    }

    @Test("Random integers near a double compare exactly")
    func randomIntegersNear() {
        var random = SeededGenerator(seed: 7)
        for _ in 0..<20_000 {
            let a = Int64(truncatingIfNeeded: random.next()) >> Int64.random(in: 0..<12, using: &random)
            let near = a &+ Int64.random(in: -600...600, using: &random)
            expectSameOrder(.int(a), .int(near))
            expectSameOrder(.int(a), .double(Double(near)))
        }
    }

    @Test("Strings compare by code point, also past U+FFFF and around U+0000")
    func stringsCompareCode() {
        let strings = [
            "", "\u{0}", "\u{0}\u{0}", "\u{1}", "a", "a\u{0}", "a\u{0}b", "a\u{1}", "ab", "\u{E000}", "\u{FFFD}",
            "\u{10000}",
        ]
        for a in strings { for b in strings { expectSameOrder(.string(a), .string(b)) } }
    }

    @Test("Random values compare as the reference says", arguments: [1, 2, 3] as [UInt64])
    func randomValuesCompare(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        let values = (0..<250).map { _ in RandomJSON.value(depth: 3, using: &random) }
        for a in values { for b in values { expectSameOrder(a, b) } }
    }

    @Test("Objects compare by type, then name, then value of each member in order")
    func objectsCompareType() {
        // MongoDB's manual, "Comparison/Sort Order", Objects.
        let ascending: [JSON] = [
            [:], ["b": 1], ["b": 2], ["b": 2, "a": 1], ["c": 1], ["a": "x"], ["b": "w"], ["a": [:]], ["a": []],
            ["a": false],
        ]
        for (x, a) in ascending.enumerated() {
            for (y, b) in ascending.enumerated() {
                #expect(ByteOrder.compare(ComparisonKey.of(a), ComparisonKey.of(b)).signum() == (x - y).signum())
            }
        }
    }

    @Test("A key reads back as its value")
    func keyReadsBack() {
        let fields = [IndexField(path: DocumentPath("a"), isDescending: false)]
        let down = [IndexField(path: DocumentPath("a"), isDescending: true)]
        for value in Self.numbers + ["a\u{0}b", nil, true, [1, ["x"]], ["a": ["b": nil], "c": false]] {
            let key = ComparisonKey.of(value)
            #expect(KeyReader.values(of: key[...], fields: fields) == [value])
            #expect(KeyReader.values(of: key.map { ~$0 }[...], fields: down) == [value])
        }
    }
}
