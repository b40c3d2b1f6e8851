import BkendAccounts
import BkendWire
import Testing

@testable import BkendServer

@Suite struct RowAccessTests {
    static let user = Caller(.user, userID: "u1", role: "editor")
    static let own = Filter.condition(Condition("createdBy", .equals("u1")))
    static let nothing = Filter.anyOf([])

    static func filter(_ rules: JSON, _ caller: Caller, _ access: Access = .allowed) throws -> Filter? {
        let table = try TableDefinition(["name": "t", "rowFilters": rules])
        return try RowAccess.filter(table, caller: caller, access: access)
    }

    @Test("A list allowed only by self holds the caller's own records")
    func ownOnly() throws {
        #expect(try Self.filter([], Self.user, .own) == Self.own)
        #expect(try Self.filter([], Self.user) == nil)
    }

    @Test("Filters of several rules that are about the caller are alternatives")
    func alternatives() throws {
        let rules: JSON = [
            ["expression": "user", "filter": ["status": "published"]],
            ["expression": "role:editor", "filter": ["status": "draft"]],
            ["expression": "role:boss", "filter": ["status": "secret"]],
        ]
        func status(_ value: JSON) -> Filter { .allOf([.condition(Condition("status", .equals(value)))]) }
        #expect(try Self.filter(rules, Self.user) == .anyOf([status("published"), status("draft")]))
        #expect(try Self.filter(rules, Caller(.user, userID: "u", role: "user")) == status("published"))
        #expect(try Self.filter(rules, Caller(.admin)) == nil)
        #expect(try Self.filter(rules, Caller(.guest)) == nil)
    }

    @Test("$userId stands for the caller, and matches nothing where there is none")
    func userID() throws {
        let rules: JSON = [["expression": "public", "filter": ["owner": ["$in": ["$userId", "all"]]]]]
        let mine = Filter.allOf([.condition(Condition("owner", .isIn(["u1", "all"])))])
        #expect(try Self.filter(rules, Self.user) == mine)
        #expect(try Self.filter(rules, Caller(.guest)) == Self.nothing)
    }

    @Test("A rule about self covers own records only")
    func selfRule() throws {
        let rules: JSON = [["expression": "self", "filter": ["open": true]]]
        let open = Filter.allOf([.condition(Condition("open", .equals(true)))])
        #expect(try Self.filter(rules, Self.user) == .allOf([Self.own, open]))
    }
}
