import BkendAccounts
import BkendTesting
import BkendWire
import Testing

@testable import BkendServer

@Suite struct PermissionDecisionTests {
    @Test("The table of decisions is whole: more than a thousand, and every outcome occurs")
    func table() {
        #expect(PermissionDecision.all.count > 1_000)
        #expect(Set(PermissionDecision.all.map(\.expected)) == ["y", "n", "s", "x", "f"])
    }

    @Test("The rules decide every row of the table as it says")
    func pure() throws {
        for decision in PermissionDecision.all {
            #expect(try Self.decide(decision) == decision.expected, "\(decision)")
        }
    }

    private static func decide(_ decision: PermissionDecision) throws -> Character {
        let kind = decision.caller
        let group: Caller.Group =
            switch kind {
            case .guest: .guest
            case .secret, .boss: .admin
            default: .user
            }
        let caller = Caller(
            group, userID: kind.userID, role: kind.role, scopes: decision.scopes.map { $0.compactMap(KeyScope.init) })
        let access: Access
        do {
            access = try TableAccess(definition: TableDefinition(decision.table), caller: caller)
                .access(to: decision.operation)
        } catch let error as ErrorBody { return letter(of: error.code) }
        switch decision.operation {
        case .list: return access == .allowed ? "y" : "f"
        case .create: return "y"
        case .read, .update, .delete:
            return access.covers(createdBy: kind.isOwner ? kind.rawValue : "someone", caller: caller) ? "y" : "n"
        }
    }

    private static func letter(of code: ErrorCode?) -> Character {
        switch code {
        case .permissionDenied: "n"
        case .systemTableAccess: "s"
        case .scopeInsufficient: "x"
        default: "?"
        }
    }

    @Test("The server answers as the table says: every third row of it, over real sockets")
    func served() async throws {
        // Each definition gets a name of its own; scopes belong to keys, which the unit test covers.
        let rows = PermissionDecision.all.filter { $0.scopes == nil }
        var names: [JSON: String] = [:]
        var tables: [JSON] = []
        for row in rows where names[row.table] == nil {
            let isSystem = row.table["name"] == "_audit"
            let name = (isSystem ? "_t" : "t") + "\(names.count)"
            names[row.table] = name
            var table = row.table.objectValue ?? [:]
            table["name"] = .string(name)
            tables.append(.object(table))
        }
        let file: JSON = ["tables": .array(tables)]
        try await withServer(tables: file) { server in
            for (index, row) in rows.enumerated() where index.isMultiple(of: 3) {
                let answer = try await Self.ask(row, table: names[row.table] ?? "", server)
                #expect(answer == row.expected, "\(row)")
            }
        }
    }

    private static func ask(_ row: PermissionDecision, table: String, _ server: TestServer) async throws -> Character {
        let kind = row.caller
        let client =
            switch kind {
            case .guest: server.guest
            case .secret: server.admin
            default: server.user(kind.rawValue, role: kind.role ?? "")
            }
        let path = "/v1/data/\(table)"
        // Whoever is an administrator for a moment can create in the owner's name.
        let mine = server.user(kind.rawValue, role: "admin")
        let other = server.user("someone", role: "admin")
        let record = try await (kind.isOwner ? mine : other).post(path, ["a": 1])
        let answer: Answer
        switch row.operation {
        case .create: answer = try await client.post(path, ["a": 2])
        case .read: answer = try await client.get("\(path)/\(record.id)")
        case .update: answer = try await client.patch("\(path)/\(record.id)", ["a": 3])
        case .delete: answer = try await client.delete("\(path)/\(record.id)")
        case .list:
            _ = try await other.post(path, ["a": 1])
            answer = try await client.get(path)
            if answer.status == 200 {
                return answer.items.contains { $0["createdBy"] == "someone" } ? "y" : "f"
            }
        }
        return (200...299).contains(answer.status) ? "y" : letter(of: answer.code.map(ErrorCode.init(rawValue:)))
    }
}
