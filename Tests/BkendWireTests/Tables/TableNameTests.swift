import BkendWire
import Testing

@Suite struct TableNameTests {
    @Test(arguments: [
        "a", "Articles", "a1", "a_b-c", "_audit", "Data", "file", "x" + String(repeating: "y", count: 63),
        "constructor",
    ])
    func `a sound name has no flaw`(name: String) {
        #expect(TableName.flaw(in: name) == nil)
    }

    @Test(arguments: [
        "", "_", "1a", "-a", "__a", "_1", "a b", "a.b", "a/b", "..", "é", "e\u{301}", "a\u{301}", "\u{212A}", "a\u{0}",
        "a%00",
        "data", "auth", "users", "files", "accounts", "sessions", "🦊", "a\n", "$a", "[a", "`a", "{a", "@a",
        "x" + String(repeating: "y", count: 64),
    ])
    func `any other name has one`(name: String) {
        #expect(TableName.flaw(in: name) != nil)
    }

    @Test func `a leading underscore marks a system table`() {
        #expect(TableName.isSystem("_audit"))
        #expect(!TableName.isSystem("audit_"))
        #expect(!TableName.isSystem(""))
    }
}
