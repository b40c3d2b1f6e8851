import BkendAccounts
import BkendWire
import Testing

@testable import BkendServer

@Suite struct PermissionExpressionTests {
    static let guest = Caller(.guest)
    static let user = Caller(.user, userID: "u1", role: "editor")
    static let admin = Caller(.admin)
    static let adminUser = Caller(.admin, userID: "a1", role: "admin")

    @Test(
        "An expression says what a caller may",
        arguments: [
            ("user", guest, Access.denied), ("user", user, .allowed), ("user", admin, .allowed),
            ("guest", guest, .allowed), ("guest", user, .allowed), ("public", user, .allowed),
            ("admin", user, .denied), ("admin", admin, .allowed),
            ("self", guest, .denied), ("self", user, .own), ("self", admin, .denied), ("self", adminUser, .own),
            ("self & user", user, .own), ("self & admin", user, .denied), ("self | user", user, .allowed),
            ("self | admin", user, .own), ("self | admin", guest, .denied),
            ("role:editor", user, .allowed), ("role:Editor", user, .denied), ("role:*", user, .allowed),
            ("role:*", guest, .denied), ("role:editor & self", user, .own), ("role:writer | self", user, .own),
            ("admin & self | role:editor & user", user, .allowed),
        ])
    func access(text: String, caller: Caller, expected: Access) throws {
        let expression = try #require(PermissionExpression(text))
        #expect(expression.access(of: caller) == expected)
    }

    @Test("A guest owns nothing, not even what guests created")
    func guestsOwnNothing() {
        #expect(!Access.own.covers(createdBy: "", caller: Self.guest))
        #expect(!Access.own.covers(createdBy: "", caller: Caller(.user, userID: "", role: nil)))
        #expect(Access.own.covers(createdBy: "u1", caller: Self.user))
        #expect(!Access.own.covers(createdBy: "u2", caller: Self.user))
    }
}
