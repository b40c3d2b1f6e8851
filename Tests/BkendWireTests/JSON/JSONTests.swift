import BkendWire
import Testing

@Suite struct JSONTests {
    @Test(
        "numbers are equal by value, and then hash equally",
        arguments: [
            (JSON.int(1), JSON.double(1)), (.int(0), .double(-0.0)), (.double(0x1p62), .int(1 << 62)), (.null, .null),
            (["a": [1, 2]], ["a": [1.0, 2.0]]), (.double(0x1p63), .double(0x1p63)),
        ] as [(JSON, JSON)])
    func numbersEqualValue(a: JSON, b: JSON) {
        #expect(a == b)
        #expect(b == a)
        #expect(a.hashValue == b.hashValue)
    }

    @Test(
        "values of two types, forms or orders differ",
        arguments: [
            (JSON.bool(true), JSON.int(1)), (.bool(false), .int(0)), (.null, .bool(false)), (.string("1"), .int(1)),
            (.string("é"), .string("e\u{301}")), (.int(9_007_199_254_740_993), .double(9_007_199_254_740_992)),
            (.int(.max), .double(0x1p63)), (["a": 1, "b": 2], ["b": 2, "a": 1]), ([1, 2], [2, 1]), ([], [:]),
        ] as [(JSON, JSON)])
    func valuesTwoTypes(a: JSON, b: JSON) {
        #expect(a != b)
        #expect(b != a)
    }

    @Test("reading a value as another type gives nil")
    func readingValueAs() {
        #expect(JSON.double(2).intValue == 2)
        #expect(JSON.double(2.5).intValue == nil)
        #expect(JSON.double(1e300).intValue == nil)
        #expect(JSON.int(3).doubleValue == 3)
        #expect(JSON.string("3").intValue == nil)
        #expect(JSON.bool(true).intValue == nil)
        #expect(JSON.null.isNull)
        #expect(JSON.array([1])[0] == 1)
        #expect(JSON.array([1])[1] == nil)
        #expect(JSON.array([1])[-1] == nil)
        #expect(JSON.null["a"] == nil)
    }

    @Test("every type has the name that messages use")
    func everyTypeName() {
        let names = [JSON.null, true, 1, 1.5, "", [], [:]].map(\.typeName)
        #expect(names == ["null", "boolean", "number", "number", "string", "array", "object"])
    }
}
