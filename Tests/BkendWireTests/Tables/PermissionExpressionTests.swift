import BkendWire
import Testing

@Suite struct PermissionExpressionTests {
    typealias Term = PermissionExpression.Term

    @Test(
        "an expression is alternatives of terms",
        arguments: [
            ("user", [[Term.user]], "user"), (" self&user ", [[.self, .user]], "self & user"),
            ("user|guest", [[.user], [.guest]], "user | guest"),
            ("self & user | role:editor", [[.self, .user], [.role("editor")]], "self & user | role:editor"),
            ("admin|role:*&public", [[.admin], [.role(nil), .public]], "admin | role:* & public"),
            ("\tuser\n|\u{A0}guest", [[.user], [.guest]], "user | guest"), ("role:a:b", [[.role("a:b")]], "role:a:b"),
        ])
    func expressionAlternativesTerms(text: String, alternatives: [[Term]], printed: String) throws {
        let expression = try #require(PermissionExpression(text))
        #expect(expression.alternatives == alternatives)
        #expect(expression.description == printed)
        #expect(PermissionExpression(printed) == expression)
    }

    @Test(
        "anything else is none",
        arguments: [
            "", " ", "|", "&", "user|", "|user", "user & ", "user || guest", "user && guest", "nobody", "User", "role:",
            "role: x",
            "role:a b", "role", "user guest", "!user", "(user)", "user or guest", "us\u{301}er",
        ])
    func anythingElseNone(text: String) {
        #expect(PermissionExpression(text) == nil)
    }

    @Test("roles are compared by code point")
    func rolesComparedCode() {
        #expect(Term.role("\u{E9}") != .role("e\u{301}"))
        #expect(Set([Term.role("\u{E9}"), .role("e\u{301}"), .role(nil), .user]).count == 4)
    }
}
