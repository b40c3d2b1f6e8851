import BkendAccounts
import BkendTesting
import BkendWire
import Testing

@testable import BkendServer

/// What can be decided without the writer takes no turn of it: a request that is refused holds up no write.
@Suite struct WriterTurnTests {
    static let tables: JSON = [
        "tables": [
            [
                "name": "t",
                "schema": [
                    "properties": [
                        "n": ["type": "int", "maximum": 5], "code": ["type": "string", "pattern": "^[a-z]+$"],
                    ]
                ],
                "permissions": ["user": ["create": true, "update": true], "self": ["delete": true]],
                "columnPermissions": ["secret": ["write": "admin"]],
            ]
        ]
    ]

    @Test("Refused creates, updates and deletes are answered while another write has the writer")
    func refusals() async throws {
        try await withServer(tables: Self.tables) {
            $0.isDynamic = true
            $0.limits.dynamicTables = 1
        } _: { server in
            let (ann, ben, guest) = (server.user("ann"), server.user("ben"), server.guest)
            let id = try await ann.post("/v1/t", ["n": 1]).id
            _ = try await ann.post("/v1/made", ["a": 1])
            let writer = await HeldWriter.take(of: server.folder)
            defer { writer.release() }
            let answers = [
                try await ann.post("/v1/t", ["n": 6]), try await ann.post("/v1/t", ["$n": 6]),
                try await ann.post("/v1/t", .array([["n": 1], ["code": "A"]])),
                try await ann.post("/v1/t", ["secret": 6]), try await guest.post("/v1/t", ["n": 1]),
                try await ann.post("/v1/other", ["a": 1]), try await guest.post("/v1/other", ["a": 1]),
                try await ann.patch("/v1/t/\(id)", ["n": 6]), try await ann.patch("/v1/t/none", ["n": 1]),
                try await ann.patch("/v1/t/\(id)", ["secret": 1]), try await guest.patch("/v1/t/\(id)", ["n": 1]),
                try await ann.patch("/v1/t/\(id)", ["n": 1]), try await ann.patch("/v1/none/x", ["n": 1]),
                try await ben.delete("/v1/t/\(id)"), try await ann.delete("/v1/t/none"),
                try await guest.delete("/v1/t/\(id)"),
            ]
            #expect(
                answers.map(\.status) == [
                    400, 400, 400, 403, 403, 403, 403, 400, 404, 403, 403, 200, 404, 403, 404, 403,
                ])
            #expect(answers[2].fields == ["[1].code"])
        }
    }

    @Test("A change waits with what it found, and is worked out again if the record is another one by then")
    func raced() async throws {
        try await withServer(tables: Self.tables) { server in
            let ann = server.user("ann")
            let id = try await ann.post("/v1/t", ["n": 1]).id
            let writer = await HeldWriter.take(of: server.folder)
            async let first = ann.patch("/v1/t/\(id)", ["n": 2])
            async let second = ann.patch("/v1/t/\(id)", ["a": "x"])
            async let third = ann.patch("/v1/t/\(id)", ["b": "y"])
            writer.release()
            let statuses = try await [first.status, second.status, third.status]
            #expect(statuses == [200, 200, 200])
            let record = try await server.admin.get("/v1/t/\(id)").json
            #expect(record["n"] == 2 && record["a"] == "x" && record["b"] == "y")
        }
    }

    @Test("Records are checked again when the table's definition has changed meanwhile")
    func changedDefinition() throws {
        let loose = BkendWire.TableDefinition(name: "t")
        let checked = try CheckedRecords(
            [["n": 9]], isArray: false, for: loose, version: 1, caller: Caller(.admin))
        let strict = try BkendWire.TableDefinition([
            "name": "t", "schema": ["properties": ["n": ["type": "int", "maximum": 5]]],
        ])
        try withPlace { place in
            let same = Table(loose, version: 1, place: place)
            let stored = try checked.checked(by: same, caller: Caller(.admin))
            #expect(stored == [["n": 9]])
            let other = Table(strict, version: 2, place: place)
            let error = #expect(throws: ErrorBody.self) { try checked.checked(by: other, caller: Caller(.admin)) }
            #expect(error?.details.map(\.field) == ["n"])
        }
    }
}
