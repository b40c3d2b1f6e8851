import BkendWire
import Testing

@Suite struct JSONSerializationTests {
    @Test("text is compact and members keep their order")
    func textCompactMembers() throws {
        let value: JSON = ["b": [1, 2.5, nil, true, false, "x"], "a": [:], "c": []]
        #expect(value.description == #"{"b":[1,2.5,null,true,false,"x"],"a":{},"c":[]}"#)
        #expect(try #require(value.objectValue).serialized() == value.serialized())
    }

    @Test("strings are escaped as JSON.stringify escapes them")
    func stringsEscapedAs() {
        let value = JSON.string("\u{0}\u{1}\u{8}\t\n\u{B}\u{C}\r\u{1F} \"\\/é\u{7F}\u{2028}🦊")
        #expect(value.description == #""\u0000\u0001\b\t\n\u000b\f\r\u001f \"\\/é"# + "\u{7F}\u{2028}🦊\"")
    }

    @Test("a double that JSON can't say becomes null")
    func doubleJSONCant() {
        #expect(JSON.array([.double(.nan), .double(.infinity), .double(-.infinity)]).description == "[null,null,null]")
    }

    @Test("every value survives the round trip, bit for bit")
    func everyValueSurvives() throws {
        var source = RandomJSON(seed: 1)
        for _ in 0..<3_000 {
            let value = source.value()
            let text = value.serialized()
            let again = try JSON(parsing: text)
            #expect(again.isIdentical(to: value.canonical), "\(value)")
            #expect(again == value, "\(value)")
            #expect(again.hashValue == value.hashValue, "\(value)")
            #expect(again.serialized() == text, "\(value)")
        }
    }
}
