import BkendWire
import Testing

@testable import BkendServer

@Suite struct ProjectCommandTests {
    @Test("Projects and environments are made while the server runs, and their keys work at once and only there")
    func creation() async throws {
        try await Workplace.with { place in
            let server = try await ServeProcess.start(place.folder, "--dynamic")
            #expect(try await TestClient(server.url, key: place.secret).post("/v1/notes", ["a": 1]).status == 201)
            let project = try await place.json(["project", "create"], "shop", "--env", "prod")
            let staging = try await place.json(["environment", "create"], "staging", "--project", "shop")
            #expect(project["project"] == "shop" && project["environment"] == "prod")
            #expect(staging["environment"] == "staging")
            for created in [project, staging] {
                let client = TestClient(server.url, key: created["secretKey"]?.stringValue)
                #expect(try await client.get("/v1/notes").code == "data/table-not-found")
                #expect(try await client.post("/v1/notes", ["b": 1]).status == 201)
                #expect(try await client.get("/v1/notes").items.count == 1)
            }
            #expect(try await TestClient(server.url, key: place.secret).get("/v1/notes").items.count == 1)
            #expect(try await server.end().status == 0)
        }
    }

    @Test("Lists have documented keys, and a table for people")
    func lists() async throws {
        try await Workplace.with { place in
            _ = try await place.json(["environment", "create"], "prod")
            _ = try await place.json(["project", "create"], "shop")
            let projects = try await place.json(["project", "list"])
            #expect(projects[0]?.objectValue?.keys == ["project", "environments", "createdAt"])
            #expect(projects[0]?["project"] == "default" && projects[0]?["environments"] == 2)
            let environments = try await place.json(["environment", "list"])
            #expect(environments.arrayValue?.count == 3)
            #expect(environments[0]?.objectValue?.keys == ["project", "environment", "keys", "createdAt"])
            #expect(try await place.json(["environment", "list"], "--project", "shop").arrayValue?.count == 1)
            let table = try await CommandRun.run("environment", "list", place.folder)
            #expect(table.output.split(separator: "\n").count == 4)
            #expect(table.output.hasPrefix("PROJECT  ENVIRONMENT  KEYS  CREATED\n"))
        }
    }

    @Test("What exists or can't be is refused in one line, and nothing changes")
    func refusals() async throws {
        try await Workplace.with { place in
            for (arguments, status) in [
                (["project", "create", place.folder, "default"], 73),
                (["environment", "create", place.folder, "dev"], 73),
                (["environment", "create", place.folder, "x", "--project", "none"], 66),
                (["environment", "create", place.folder, "../x"], 64),
                (["environment", "list", place.folder, "--project", "no"], 66),
                (["environment", "promote", place.folder, "dev", "dev"], 64),
                (["environment", "promote", place.folder, "dev", "prod"], 66),
            ] as [([String], Int32)] {
                let run = try await CommandRun.run(arguments)
                #expect(run.status == status && run.output == "", "\(arguments): \(run.errors)")
                #expect(run.errors.split(separator: "\n").count == 1, "\(run.errors)")
            }
            #expect(try await place.json(["environment", "list"]).arrayValue?.count == 1)
        }
    }

    @Test("Promotion copies definitions and no records; --check says what it would do")
    func promotion() async throws {
        try await Workplace.with { place in
            let keys = try await place.json(["environment", "create"], "prod")
            try await place.apply([
                "tables": [["name": "a", "schema": ["properties": ["n": ["type": "int"]]], "permissions": [:]]]
            ])
            try await place.apply(["tables": [["name": "a"], ["name": "own"]]], "--env", "prod")
            let server = try await ServeProcess.start(place.folder)
            let prod = TestClient(server.url, key: keys["secretKey"]?.stringValue)
            let bad = try await prod.post("/v1/a", ["n": "text"])
            let check = try await place.json(["environment", "promote"], "dev", "prod", "--check", status: 1)
            #expect(check["count"] == 1)
            #expect(check["findings"]?[0]?["id"]?.stringValue == bad.id)
            #expect(check["tables"]?[0]?["changes"] == ["field n added", "permissions replaced"])
            #expect(try await prod.post("/v1/a", ["n": "still text"]).status == 201)
            let changes = try await place.json(["environment", "promote"], "dev", "prod")
            #expect(changes[0]?["changes"] == ["field n added", "permissions replaced"])
            #expect(try await prod.post("/v1/a", ["n": "text"]).fields == ["n"])
            #expect(try await prod.get("/v1/own").status == 200)
            #expect(try await TestClient(server.url, key: place.secret).get("/v1/a").items.isEmpty)
            #expect(try await server.end().status == 0)
        }
    }
}
