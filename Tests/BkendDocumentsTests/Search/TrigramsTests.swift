import Testing

@testable import BkendDocuments

@Suite struct TrigramsTests {
    private func expression(_ text: String) -> String? { Trigrams.expression(for: Array(text.utf8))?.text }

    @Test("A text is asked for by its runs of three code points")
    func textAskedRuns() {
        #expect(expression("") == nil)
        #expect(expression("ab") == nil)
        #expect(expression("😀é") == nil)
        #expect(expression("abc") == "\"abc\"")
        #expect(expression("abcd") == "\"abc\" AND \"bcd\"")
        #expect(expression("abcdefg") == "\"abc\" AND \"cde\" AND \"efg\"")
        #expect(expression("abcdefgh") == "\"abc\" AND \"cde\" AND \"efg\" AND \"fgh\"")
        #expect(expression("aaaaa") == "\"aaa\"")
        #expect(expression("a\"b") == "\"a\"\"b\"")
        #expect(expression("a\u{0}b") == "\"a\u{1}b\"")
    }

    @Test("A long text is asked for by few of them, spread over it")
    func longTextAsked() throws {
        let text = String((0..<2_000).compactMap { Unicode.Scalar(0x4E00 + $0).map(Character.init) })
        let found = try #require(Trigrams.expression(for: Array(text.utf8)))
        #expect(found.count <= 25 && found.count > 12)
        #expect(found.text.hasPrefix("\"" + text.prefix(3)) && found.text.hasSuffix(text.suffix(3) + "\""))
    }
}
