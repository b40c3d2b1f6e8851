import BkendAccounts
import BkendWire
import Testing

@testable import BkendServer

@Suite struct TableAccessTests {
    static let guest = Caller(.guest)
    static let user = Caller(.user, userID: "u1", role: "user")
    static let admin = Caller(.admin)

    static func table(_ json: JSON) throws -> TableDefinition { try TableDefinition(json) }

    func outcome(_ table: JSON, _ caller: Caller, _ operation: TableOperation) throws -> Access {
        let access = TableAccess(definition: try Self.table(table), caller: caller)
        do { return try access.access(to: operation) } catch { return .denied }
    }

    @Test(
        "A table without permissions has the defaults",
        arguments: [
            (TableOperation.create, Access.denied, Access.allowed), (.read, .allowed, .allowed),
            (.list, .allowed, .allowed), (.update, .denied, .denied), (.delete, .denied, .denied),
        ])
    func defaults(operation: TableOperation, guest: Access, user: Access) throws {
        let table: JSON = ["name": "t"]
        #expect(try outcome(table, Self.guest, operation) == guest)
        #expect(try outcome(table, Self.user, operation) == user)
        #expect(try outcome(table, Self.admin, operation) == .allowed)
    }

    static let blog: JSON = [
        "name": "t",
        "permissions": [
            "user": ["create": true, "read": true], "self": ["update": true, "delete": true],
            "guest": ["read": true, "list": false],
        ],
    ]

    @Test(
        "The boolean form decides by the caller's one group, then by self",
        arguments: [
            (user, TableOperation.create, Access.allowed), (user, .read, .allowed), (user, .list, .allowed),
            (user, .update, .own), (user, .delete, .own), (guest, .create, .denied), (guest, .read, .allowed),
            (guest, .list, .denied), (guest, .update, .denied), (admin, .delete, .allowed),
        ])
    func booleans(caller: Caller, operation: TableOperation, expected: Access) throws {
        #expect(try outcome(Self.blog, caller, operation) == expected)
    }

    @Test("A signed-in user doesn't inherit what guests have")
    func noInheritance() throws {
        let table: JSON = [
            "name": "t", "permissions": ["guest": ["read": true], "self": ["list": true]],
        ]
        #expect(try outcome(table, Self.user, .list) == .own)
        #expect(try outcome(table, Self.user, .read) == .denied)
        #expect(try outcome(table, Self.guest, .list) == .allowed)
    }

    @Test("An expression wins over the boolean form, for its operation")
    func expressionsWin() throws {
        let table: JSON = [
            "name": "t", "permissions": ["user": ["create": true, "update": true]],
            "expressionPermissions": ["update": "self & user", "read": "user | guest"],
        ]
        #expect(try outcome(table, Self.user, .update) == .own)
        #expect(try outcome(table, Self.user, .create) == .allowed)
        #expect(try outcome(table, Self.guest, .list) == .allowed)
        #expect(try outcome(table, Self.user, .delete) == .denied)
    }

    @Test("A system table is for administrators unless its permissions say otherwise")
    func systemTables() throws {
        let closed = TableAccess(definition: try Self.table(["name": "_audit"]), caller: Self.user)
        #expect(throws: ErrorBody.self) { try closed.access(to: .read) }
        do { _ = try closed.access(to: .read) } catch { #expect(error.code == .systemTableAccess) }
        let open: JSON = ["name": "_audit", "permissions": ["user": ["read": true]]]
        #expect(try outcome(open, Self.user, .read) == .allowed)
        #expect(try outcome(["name": "_audit"], Self.admin, .delete) == .allowed)
    }

    @Test("A key's scopes come first, and bind administrators too")
    func scopes() throws {
        var caller = Self.admin
        caller.scopes = ["t:read", "other:*"].compactMap(KeyScope.init)
        #expect(try outcome(["name": "t"], caller, .read) == .allowed)
        #expect(try outcome(["name": "t"], caller, .list) == .denied)
        do {
            _ = try TableAccess(definition: TableDefinition(name: "t"), caller: caller).access(to: .delete)
        } catch { #expect(error.code == .scopeInsufficient) }
        caller.scopes = []
        #expect(try outcome(["name": "t"], caller, .read) == .denied)
        caller.scopes = ["*:list"].compactMap(KeyScope.init)
        #expect(try outcome(["name": "any"], caller, .list) == .allowed)
    }
}
