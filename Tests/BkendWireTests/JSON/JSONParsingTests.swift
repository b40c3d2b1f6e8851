import BkendWire
import Testing

@Suite struct JSONParsingTests {
    static func refusal(_ text: String, limits: JSONLimits = JSONLimits()) -> JSONError? {
        refusal(Array(text.utf8), limits: limits)
    }

    /// The error of parser and check, which must be the same.
    static func refusal(
        _ bytes: [UInt8], limits: JSONLimits = JSONLimits(), location: SourceLocation = #_sourceLocation
    ) -> JSONError? {
        var parsed: JSONError?
        var checked: JSONError?
        do throws(JSONError) { _ = try JSON(parsing: bytes, limits: limits) } catch { parsed = error }
        do throws(JSONError) { try JSON.check(bytes, limits: limits) } catch { checked = error }
        #expect(parsed == checked, sourceLocation: location)
        return parsed
    }

    @Test(
        "what is not JSON is refused with reason and byte",
        arguments: [
            ("", .unexpectedEnd, 0), ("  ", .unexpectedEnd, 2), ("nul", .unexpectedEnd, 3),
            ("nulL", .unexpectedByte(0x4C), 3),
            ("[1", .unexpectedEnd, 2), ("[1,]", .trailingComma, 2), ("[1 , \n ]", .trailingComma, 3),
            (#"{"a":1,}"#, .trailingComma, 6), ("[,1]", .unexpectedByte(0x2C), 1), ("[1 2]", .unexpectedByte(0x32), 3),
            (#"{"a" 1}"#, .unexpectedByte(0x31), 5), ("{1:2}", .unexpectedByte(0x31), 1),
            ("[1}", .unexpectedByte(0x7D), 2),
            ("1 2", .trailingContent, 2), ("{}x", .trailingContent, 2), ("[01]", .invalidNumber, 1),
            ("[-01]", .invalidNumber, 2), ("-", .unexpectedEnd, 1), ("[-]", .invalidNumber, 2),
            ("[1.]", .invalidNumber, 3),
            ("[1.e3]", .invalidNumber, 3), ("[1e]", .invalidNumber, 3), ("1e+", .unexpectedEnd, 3),
            ("[+1]", .unexpectedByte(0x2B), 1), ("[.5]", .unexpectedByte(0x2E), 1), ("NaN", .unexpectedByte(0x4E), 0),
            ("1e309", .numberTooLarge, 0), ("[-1e400]", .numberTooLarge, 1),
            ("9223372036854775809", .integerLosesDigits, 0),
            ("[\"\t\"]", .unescapedControl(9), 2), (#"["\x"]"#, .invalidEscape, 2), (#"["\u12G4"]"#, .invalidEscape, 6),
            (#""\u12"#, .unexpectedEnd, 5), (#""\"#, .unexpectedEnd, 2), (#""a"#, .unexpectedEnd, 2),
            (#"["\uD800"]"#, .loneSurrogate, 2), (#"["\uDC00"]"#, .loneSurrogate, 2),
            (#"["\uD800\u0041"]"#, .loneSurrogate, 2), (#"["\uD800\n"]"#, .loneSurrogate, 2),
            (#"{"a":1,"a":2}"#, .duplicateKey("a"), 7), (#"{"a":1,"\u0061":[}"#, .duplicateKey("a"), 7),
            ("“a”", .unexpectedByte(0xE2), 0), ("\u{FEFF}1", .invalidUTF8, 0), ("// x", .unexpectedByte(0x2F), 0),
        ] as [(String, JSONError.Reason, Int)])
    func whatNotJSON(text: String, reason: JSONError.Reason, offset: Int) {
        #expect(Self.refusal(text) == JSONError(reason, at: offset))
    }

    @Test(
        "bytes that are not UTF-8 are refused in values and names",
        arguments: [
            [0xC0, 0x80], [0xC1, 0xBF], [0xE0, 0x80, 0x80], [0xE0, 0x9F, 0xBF], [0xF0, 0x80, 0x80, 0x80],
            [0xF0, 0x8F, 0xBF, 0xBF], [0xED, 0xA0, 0x80], [0xED, 0xBF, 0xBF], [0xF4, 0x90, 0x80, 0x80],
            [0xF5, 0x80, 0x80],
            [0xFE], [0xFF], [0x80], [0xBF], [0xC2, 0x41], [0xE1, 0x80, 0x41], [0xF1, 0x80, 0x80, 0x41], [0xC2],
            [0xE1, 0x80],
        ] as [[UInt8]])
    func bytesNotUTF(bytes: [UInt8]) {
        let value = Array("[\"".utf8) + bytes + Array("\"]".utf8)
        #expect(Self.refusal(value) == JSONError(.invalidUTF8, at: 2))
        let name = Array("{\"".utf8) + bytes + Array("\":1}".utf8)
        #expect(Self.refusal(name) == JSONError(.invalidUTF8, at: 2))
    }

    /// The text lies at the very end of its allocation and is cut at each byte; a read past the end would be seen by
    /// the bounds checks of a debug build, or give a value where there is none.
    @Test("a text cut at any byte is refused and nothing beyond the cut is read")
    func textCutAny() throws {
        let whole = Array(#"{"a\u00e9\uD83E\uDD8A":[-12.5e-3,true,null,"é한🦊"],"b":{"c":false}}"#.utf8)
        #expect(Self.refusal(whole) == nil)
        for length in 0..<whole.count {
            let cut = UnsafeMutableBufferPointer<UInt8>.allocate(capacity: length)
            defer { cut.deallocate() }
            _ = cut.initialize(from: whole[..<length])
            let error = #expect(throws: JSONError.self) { try JSON(parsing: cut) }
            #expect(try #require(error).offset <= length)
            #expect(throws: JSONError.self) { try JSON.check(cut) }
        }
    }

    @Test("a sequence without contiguous storage is read as well")
    func sequenceWithoutContiguous() throws {
        #expect(try JSON(parsing: sequence(first: UInt8(0x31)) { $0 < 0x33 ? $0 + 1 : nil }) == 123)
        #expect(try JSON(parsing: Array("[ 1 ]".utf8).reversed().reversed()) == [1])
    }

    @Test("escapes stand for their characters")
    func escapesStandTheir() throws {
        let text = #""\"\\\/\b\f\n\r\t\u0000\u00e9\u20AC\uD83E\uDD8A\uDBFF\uDFFF x""#
        let value = try JSON(parsing: text)
        #expect(value == "\"\\/\u{8}\u{C}\n\r\t\u{0}é€🦊\u{10FFFF} x")
        #expect(value.stringValue?.unicodeScalars.count == 15)
    }

    @Test("names are compared by code point")
    func namesComparedCode() throws {
        let object = try #require(try JSON(parsing: #"{"é":1,"e\u0301":2}"#).objectValue)
        #expect(object.count == 2)
        #expect(object["\u{E9}"] == 1)
        #expect(object["e\u{301}"] == 2)
        #expect(Self.refusal(#"{"é":1,"\u00E9":2}"#)?.reason == .duplicateKey("é"))
    }

    @Test("a duplicate name is found in an object of any size", arguments: [2, 15, 16, 17, 18, 40, 1_000])
    func duplicateNameFound(count: Int) {
        let members = (0..<count).map { #""k\#($0)":{"k1":0}"# }
        #expect(Self.refusal("{\(members.joined(separator: ","))}") == nil)
        for repeated in [0, count / 2, count - 1] {
            let text = "{\(members.joined(separator: ",")),\"\\u006b\(repeated)\":1}"
            #expect(Self.refusal(text)?.reason == .duplicateKey("k\(repeated)"))
        }
    }

    @Test("nesting is limited, 512 levels unless told")
    func nestingLimited512() {
        func nested(_ depth: Int) -> String {
            String(repeating: "[", count: depth) + String(repeating: "]", count: depth)
        }
        #expect(Self.refusal(nested(512)) == nil)
        #expect(Self.refusal(nested(513)) == JSONError(.tooDeep(limit: 512), at: 512))
        #expect(Self.refusal(#"{"a":{"b":[1]}}"#, limits: JSONLimits(depth: 3)) == nil)
        #expect(Self.refusal(#"{"a":{"b":[1]}}"#, limits: JSONLimits(depth: 2))?.reason == .tooDeep(limit: 2))
        #expect(Self.refusal("1", limits: JSONLimits(depth: 0)) == nil)
        #expect(Self.refusal(String(repeating: "[", count: 1_000_000))?.reason == .tooDeep(limit: 512))
    }

    @Test("members and elements are limited altogether")
    func membersElementsLimited() {
        #expect(Self.refusal(#"[1,{"a":2}]"#, limits: JSONLimits(values: 3)) == nil)
        #expect(
            Self.refusal(#"[1,{"a":2}]"#, limits: JSONLimits(values: 2)) == JSONError(.tooManyValues(limit: 2), at: 4))
    }

    @Test("a member's name is limited in bytes, whatever its escapes")
    func membersNameLimited() {
        let limits = JSONLimits(nameBytes: 4)
        for text in [#"{"abcd":"abcde"}"#, #"{"\u0061bcd":1}"#, #"[{"éé":{"":1}}]"#] {
            #expect(Self.refusal(text, limits: limits) == nil)
        }
        for (text, offset) in [(#"{"abcde":1}"#, 1), (#"[{"a":{"ééx":1}}]"#, 7), (#"{"\u0061bcde":1}"#, 1)] {
            #expect(Self.refusal(text, limits: limits) == JSONError(.nameTooLong(limit: 4), at: offset))
        }
    }

    @Test("parser and check agree on damaged random values")
    func parserCheckAgree() {
        var source = RandomJSON(seed: 11)
        for _ in 0..<2_000 {
            let text = source.value().serialized()
            #expect(Self.refusal(text) == nil)
            _ = Self.refusal(JSONConformanceTests.damaged(text, using: &source.random))
        }
    }
}
