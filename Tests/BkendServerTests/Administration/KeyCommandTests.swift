import BkendWire
import Foundation
import GRDB
import Testing

@testable import BkendServer

@Suite struct KeyCommandTests {
    @Test("A key's scopes, their change and its end count for a running server from the next request on")
    func life() async throws {
        try await Workplace.with { place in
            let server = try await ServeProcess.start(place.folder, "--dynamic")
            let admin = TestClient(server.url, key: place.secret)
            _ = try await admin.post("/v1/notes", ["a": 1])
            let key = try await place.json(
                ["key", "create"], "--secret", "--name", "reader", "--scope", "notes:list", "--scope", "tags:*",
                "--expires", "90d")
            #expect(key["scopes"] == ["notes:list", "tags:*"])
            #expect(key["name"] == "reader" && key["state"] == "active")
            let id = "\(key["id"] ?? .null)"
            let client = TestClient(server.url, key: key["key"]?.stringValue)
            #expect(try await client.get("/v1/notes").status == 200)
            #expect(try await client.post("/v1/notes", [:]).code == "data/scope-insufficient")
            _ = try await place.json(["key", "scopes"], id, "--scope", "notes:create")
            #expect(try await client.get("/v1/notes").code == "data/scope-insufficient")
            #expect(try await client.post("/v1/notes", [:]).status == 201)
            #expect(try await place.json(["key", "scopes"], id, "--all")["scopes"] == .null)
            #expect(try await client.get("/v1/notes").status == 200)
            #expect(try await place.json(["key", "revoke"], id)["state"] == "revoked")
            #expect(try await client.get("/v1/notes").status == 401)
            #expect(try await server.end().status == 0)
        }
    }

    @Test("A key that scopes limit gives nobody a role, also when it is limited while the body is on its way")
    func roles() async throws {
        try await Workplace.with { place in
            let server = try await ServeProcess.start(place.folder)
            let admin = TestClient(server.url, key: place.secret)
            let user = try await admin.post("/v1/users", ["email": "ada@example.com", "name": "Ada"])
            let path = "/v1/users/\(user.id)/role"
            let key = try await place.json(["key", "create"], "--secret", "--scope", "users:*")
            let id = "\(key["id"] ?? .null)"
            let client = TestClient(server.url, key: key["key"]?.stringValue)
            let roles: [JSON] = ["admin", "editor", "Admin"]
            for scopes in [["users:update", "users:create"], ["users:*"], ["*:update", "*:create"]] {
                let run = try await CommandRun.run(
                    ["key", "scopes", place.folder, id] + scopes.flatMap { ["--scope", $0] })
                #expect(run.status == 0, "\(run.errors)")
                for role in roles + ["user"] {
                    let changed = try await client.patch(path, ["role": role])
                    #expect(changed.code == "data/scope-insufficient" && changed.status == 403, "\(scopes) \(role)")
                }
                for role in roles {
                    let made = try await client.post("/v1/users", ["email": "eve@example.com", "role": role])
                    #expect(made.code == "data/scope-insufficient", "\(scopes) \(role)")
                }
            }
            // What doesn't give a role goes on, and a key that may do everything gives them.
            #expect(try await client.post("/v1/users", ["email": "bob@example.com", "role": "user"]).status == 201)
            #expect(try await client.patch("/v1/users/\(user.id)", ["name": "A"]).json["role"] == "user")
            _ = try await place.json(["key", "scopes"], id, "--scope", "*:*")
            #expect(try await client.patch(path, ["role": "editor"]).json["role"] == "editor")
            let request = client.request("PATCH", path, body: Array(#"{"role":"admin"}"#.utf8))
            let connection = try RawConnection(port: client.port)
            try connection.send(Array(request.dropLast(4)))
            #expect(try await client.get(String(path.dropLast(5))).json["role"] == "editor")
            _ = try await place.json(["key", "scopes"], id, "--scope", "users:update")
            try connection.send(Array(request.suffix(4)))
            #expect(try connection.answer()?.code == "data/scope-insufficient")
            #expect(try await admin.get(String(path.dropLast(5))).json["role"] == "editor")
            #expect(try await server.end().status == 0)
        }
    }

    @Test("Publishable keys stay readable; of a secret key the folder keeps nothing that could be shown again")
    func secrecy() async throws {
        try await Workplace.with { place in
            let secret = try await place.json(["key", "create"], "--secret")["key"]?.stringValue ?? ""
            let publishable = try await place.json(["key", "create"], "--publishable")["key"]?.stringValue ?? ""
            let list = try await place.json(["key", "list"])
            #expect(
                list.arrayValue?.map { $0["key"] ?? .null } == [
                    .string(place.publishable), .null, .null, .string(publishable),
                ])
            #expect(
                list[0]?.objectValue?.keys == [
                    "id", "kind", "name", "key", "scopes", "state", "createdAt", "expiresAt", "revokedAt",
                ])
            for file in try FileManager.default.contentsOfDirectory(atPath: place.folder) {
                let bytes = FileManager.default.contents(atPath: place.folder + "/" + file) ?? Data()
                #expect(bytes.range(of: Data(secret.utf8)) == nil, "\(file)")
            }
        }
    }

    @Test("Keys of another environment, wrong scopes and ends in the past are refused")
    func refusals() async throws {
        try await Workplace.with { place in
            _ = try await place.json(["environment", "create"], "prod")
            for (arguments, status) in [
                (["revoke", place.folder, "3"], 66), (["scopes", place.folder, "3", "--all"], 66),
                (["create", place.folder, "--secret", "--scope", "notes"], 64),
                (["create", place.folder, "--secret", "--scope", "notes:fly"], 64),
                (["create", place.folder, "--secret", "--expires", "2001-01-01"], 64),
                (["create", place.folder, "--secret", "--expires", "soon"], 64),
                (["create", place.folder, "--secret", "--expires", "0"], 64),
            ] as [([String], Int32)] {
                let run = try await CommandRun.run(["key"] + arguments)
                #expect(run.status == status && run.output == "", "\(arguments): \(run.errors)")
                #expect(run.errors.split(separator: "\n").count == 1, "\(run.errors)")
            }
            #expect(try await CommandRun.run("key", "create", place.folder).status == 64)
            #expect(try await CommandRun.run("key", "scopes", place.folder, "1").status == 64)
            #expect(try await place.json(["key", "revoke"], "3", "--env", "prod")["state"] == "revoked")
            #expect(try await place.json(["key", "list"]).arrayValue?.count == 2)
        }
    }

    @Test("A folder of the first format is migrated when it is opened; its keys work")
    func olderFormat() async throws {
        try await withFolder { path in
            try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
            let key = APIKey("sk_" + String(repeating: "0a", count: 32))
            let digest = try #require(key).digest.data
            let old = try DatabaseQueue(path: path + "/control.sqlite")
            try await old.write { db in
                try DatabaseFormat(steps: [SQLiteControl.format.steps[0]]).migrate(db, path: path)
                try db.execute(
                    sql: """
                        INSERT INTO projects VALUES (1, 'old', '2026-01-01T00:00:00.000Z');
                        INSERT INTO environments VALUES (1, 1, 'dev', '2026-01-01T00:00:00.000Z');
                        """)
                try db.execute(
                    sql: """
                        INSERT INTO keys (environment, kind, digest, createdAt) VALUES (1, 'secret', ?, '2026-01-01')
                        """, arguments: [digest])
            }
            try old.close()
            let list = try await CommandRun.run("key", "list", path, "--json")
            #expect(list.status == 0, "\(list.errors)")
            #expect(try list.json[0]?["name"] == .null)
            let named = try await CommandRun.run("key", "create", path, "--publishable", "--name", "new", "--json")
            #expect(try named.json["name"] == "new")
            let server = try await ServeProcess.start(path, "--dynamic")
            #expect(try await TestClient(server.url, key: key?.text).post("/v1/notes", [:]).status == 201)
            #expect(try await server.end().status == 0)
        }
    }
}
