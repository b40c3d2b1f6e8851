import BkendWire
import Testing

@testable import BkendServer

@Suite struct TableCommandTests {
    @Test("Versions tell what changed; a rollback is a new version, also for a running server")
    func versions() async throws {
        try await Workplace.with { place in
            try await place.apply(["tables": [["name": "a", "schema": ["properties": ["n": ["type": "int"]]]]]])
            let server = try await ServeProcess.start(place.folder)
            let client = TestClient(server.url, key: place.secret)
            try await place.apply(["tables": [["name": "a", "indexes": [["fields": ["k": 1], "unique": true]]]]])
            #expect(try await client.post("/v1/a", ["n": "text", "k": 1]).status == 201)
            #expect(try await client.post("/v1/a", ["k": 1]).code == "data/duplicate-value")
            let versions = try await place.json(["table", "versions"], "a")
            #expect(versions.arrayValue?.map { $0["version"] ?? .null } == [1, 2])
            #expect(versions[1]?["changes"] == ["field n removed from the schema", "index k_1 added"])
            #expect(versions.arrayValue?.map { $0["current"] ?? .null } == [false, true])
            let back = try await place.json(["table", "rollback"], "a", "1")
            #expect(back[0]?["changes"] == ["field n added", "index k_1 dropped"])
            #expect(try await client.post("/v1/a", ["k": 1]).status == 201)
            #expect(try await client.post("/v1/a", ["n": "text"]).fields == ["n"])
            #expect(try await place.json(["table", "show"], "a")["version"] == 3)
            #expect(try await CommandRun.run("table", "rollback", place.folder, "a", "9").status == 66)
            let impossible = try await CommandRun.run("table", "rollback", place.folder, "a", "2")
            #expect(impossible.status == 1 && impossible.errors.contains("k_1"))
            #expect(try await place.json(["table", "show"], "a")["version"] == 3)
            #expect(try await server.end().status == 0)
        }
    }

    @Test("A table is dropped only with --yes; made again, its versions go on")
    func drop() async throws {
        try await Workplace.with { place in
            try await place.apply(["tables": [["name": "a"], ["name": "b"]]])
            let server = try await ServeProcess.start(place.folder)
            let client = TestClient(server.url, key: place.secret)
            _ = try await client.post("/v1/a", ["n": 1])
            let asked = try await CommandRun.run("table", "drop", place.folder, "a")
            #expect(asked.status == 1 && asked.errors.contains("1 records"))
            #expect(try await client.get("/v1/a").items.count == 1)
            #expect(
                try await place.json(["table", "drop"], "a", "--yes") == ["table": "a", "records": 1, "dropped": true])
            #expect(try await client.get("/v1/a").code == "data/table-not-found")
            let list = try await place.json(["table", "list"])
            #expect(list == [["table": "b", "version": 1, "records": 0]])
            try await place.apply(["tables": [["name": "a"]]])
            #expect(try await client.get("/v1/a").items.isEmpty)
            #expect(try await place.json(["table", "show"], "a")["version"] == 2)
            #expect(try await place.json(["table", "versions"], "a").arrayValue?.count == 2)
            #expect(try await CommandRun.run("table", "show", place.folder, "none").status == 66)
            #expect(try await server.end().status == 0)
        }
    }

    @Test("apply --check names every record that would fail, shared unique values too, and changes nothing")
    func check() async throws {
        try await Workplace.with { place in
            try await place.apply(["tables": [["name": "a"]]])
            let server = try await ServeProcess.start(place.folder)
            let client = TestClient(server.url, key: place.secret)
            var ids: [String] = []
            for record: JSON in [
                ["n": 1, "k": "x"], ["n": "one", "k": "y"], ["k": "x"], ["n": 5, "k": "x", "deep": ["m": "long"]],
            ] {
                ids.append(try await client.post("/v1/a", record).id)
            }
            let new: JSON = [
                "tables": [
                    [
                        "name": "a", "indexes": [["name": "by_k", "fields": ["k": 1], "unique": true]],
                        "schema": [
                            "required": ["n"],
                            "properties": [
                                "n": ["type": "int", "maximum": 4],
                                "deep": ["type": "object", "properties": ["m": ["type": "string", "maxLength": 3]]],
                            ],
                        ],
                    ], ["name": "new"],
                ]
            ]
            let file = try place.file("new.json", new.serialized())
            let report = try await place.json(["apply"], file, "--check", status: 1)
            let findings = (report["findings"]?.arrayValue ?? []).map {
                "\($0["id"]?.stringValue ?? "") \($0["field"]?.stringValue ?? "") \($0["rule"]?.stringValue ?? "")"
            }
            #expect(
                findings == [
                    "\(ids[1]) n type", "\(ids[2]) n required", "\(ids[3]) n maximum", "\(ids[3]) deep.m maxLength",
                    "\(ids[2]) k unique", "\(ids[3]) k unique",
                ])
            #expect(report["count"] == 6)
            #expect(report["tables"]?[0]?["records"] == 4)
            #expect(report["tables"]?[1]?["changes"]?[0] == "created")
            #expect(try await client.post("/v1/a", ["n": "two"]).status == 201)
            #expect(try await client.get("/v1/new").status == 404)
            let text = try await CommandRun.run("apply", place.folder, file, "--check")
            #expect(text.status == 1)
            #expect(text.output.contains("table a, record \(ids[2]): n is required"))
            let same = try place.file("same.json", (["tables": [["name": "a"]]] as JSON).serialized())
            #expect(try await place.json(["apply"], same, "--check")["count"] == 0)
            #expect(try await server.end().status == 0)
        }
    }
}
