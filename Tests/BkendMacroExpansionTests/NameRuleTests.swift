#if Macros
import Bkend
import BkendMacroExpansion
import Testing

@Suite("Names, checked by the compiler and by the server")
struct NameRuleTests {
    @Test(
        "a table's name that the macro takes is one that the server takes",
        arguments: [
            "articles", "A", "a1", "a_b-c", "_system", "_", "", "1a", "-a", "__a", "_1", "a b", "a.b", "a/b", "é",
            "data",
            "auth", "users", "files", "accounts", "sessions", "_users", "Users", String(repeating: "a", count: 64),
            String(repeating: "a", count: 65),
        ])
    func tableName(name: String) {
        #expect((NameRule.flaw(inTable: name) == nil) == (TableName.flaw(in: name) == nil))
    }

    @Test("the macro knows every system field")
    func systemFields() {
        #expect(NameRule.systemFields == Set(SystemField.allCases.map(\.rawValue)))
    }
}
#endif
