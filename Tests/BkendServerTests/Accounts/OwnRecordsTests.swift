import BkendTesting
import BkendWire
import Testing

@testable import BkendServer

@Suite struct OwnRecordsTests {
    static let tables: JSON = [
        "tables": [
            [
                "name": "notes",
                "permissions": [
                    "user": ["create": true], "guest": ["create": true],
                    "self": ["read": true, "list": true, "update": true, "delete": true],
                ],
            ]
        ]
    ]

    @Test("With `self` permissions each user has their own records, and no one else's")
    func twoUsers() async throws {
        try await withAccounts(tables: Self.tables) { server in
            let ada = try await server.signUp("ada@example.com")
            let eve = try await server.signUp("eve@example.com")
            let note = try await ada.client.post("/v1/notes", ["text": "mine", "createdBy": .string(eve.id)])
            #expect(note.json["createdBy"] == .string(ada.id))
            _ = try await eve.client.post("/v1/notes", ["text": "hers"])
            let path = "/v1/notes/\(note.id)"
            #expect(try await ada.client.get("/v1/notes").items.map { $0["text"] } == ["mine"])
            #expect(try await eve.client.get("/v1/notes").items.map { $0["text"] } == ["hers"])
            #expect(try await server.admin.get("/v1/notes").items.count == 2)
            #expect(try await eve.client.get(path).status == 403)
            #expect(try await eve.client.patch(path, ["text": "taken"]).code == "data/permission-denied")
            #expect(try await eve.client.delete(path).status == 403)
            #expect(try await ada.client.patch(path, ["text": "still mine"]).json["text"] == "still mine")
            #expect(try await ada.client.delete(path).status == 200)
        }
    }

    @Test("A guest owns nothing, not even what guests have made")
    func guests() async throws {
        try await withAccounts(tables: Self.tables) { server in
            let note = try await server.guest.post("/v1/notes", ["text": "whose?"])
            #expect(note.json["createdBy"] == "")
            let path = "/v1/notes/\(note.id)"
            #expect(try await server.guest.get(path).status == 403)
            #expect(try await server.guest.get("/v1/notes").status == 403)
            #expect(try await server.guest.patch(path, ["text": "x"]).status == 403)
            #expect(try await server.guest.delete(path).status == 403)
        }
    }
}
