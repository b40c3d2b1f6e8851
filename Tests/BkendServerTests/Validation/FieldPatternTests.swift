import BkendDocuments
import Testing

@testable import BkendServer

@Suite struct FieldPatternTests {
    @Test("Patterns that differ only in Unicode form are two patterns")
    func forms() {
        #expect(FieldPattern.matches("^\u{E9}$", "\u{E9}"))
        #expect(!FieldPattern.matches("^e\u{301}$", "\u{E9}"))
        #expect(FieldPattern.matches("^e\u{301}$", "e\u{301}"))
    }

    @Test("The texts of one request share one time limit")
    func shared() {
        let late = RequestPatterns(by: QueryDeadline(after: .seconds(0)))
        #expect(!late.matches("^a", "abc") && late.ranOut)
        let early = RequestPatterns(within: .seconds(600))
        #expect(early.matches("^a", "abc") && !early.ranOut)
    }

    @Test("A pattern that would backtrack for ever has no match, and an empty text is a text")
    func limits() {
        #expect(!FieldPattern.matches("^(a+)+$", String(repeating: "a", count: 60) + "!"))
        #expect(FieldPattern.matches("^$", ""))
        #expect(FieldPattern.flaw(in: "(") != nil && FieldPattern.flaw(in: "a|b") == nil)
    }
}
