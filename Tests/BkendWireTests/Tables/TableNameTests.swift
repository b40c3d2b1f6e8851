import BkendWire
import Testing

@Suite struct TableNameTests {
    @Test(
        "a sound name has no flaw",
        arguments: [
            "a", "Articles", "a1", "a_b-c", "_audit", "Data", "file", "x" + String(repeating: "y", count: 63),
            "constructor",
        ])
    func soundNameNo(name: String) {
        #expect(TableName.flaw(in: name) == nil)
    }

    @Test(
        "any other name has one",
        arguments: [
            "", "_", "1a", "-a", "__a", "_1", "a b", "a.b", "a/b", "..", "é", "e\u{301}", "a\u{301}", "\u{212A}",
            "a\u{0}",
            "a%00",
            "data", "auth", "users", "files", "accounts", "sessions", "🦊", "a\n", "$a", "[a", "`a", "{a", "@a",
            "x" + String(repeating: "y", count: 64),
        ])
    func anyOtherName(name: String) {
        #expect(TableName.flaw(in: name) != nil)
    }

    @Test("a leading underscore marks a system table")
    func leadingUnderscoreMarks() {
        #expect(TableName.isSystem("_audit"))
        #expect(!TableName.isSystem("audit_"))
        #expect(!TableName.isSystem(""))
    }
}
