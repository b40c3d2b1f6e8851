import BkendTesting
import BkendWire
import Foundation
import Testing

@testable import BkendServer

/// Creates are exact by default: `apply` keeps client keys unique unless it is told not to, or the records don't allow it.
@Suite struct ClientKeysTests {
    private static func tables(_ more: JSONObject = [:], name: String = "a") -> JSON {
        var table: JSONObject = ["name": .string(name)]
        for (key, value) in more { table[key] = value }
        return ["tables": [.object(table)]]
    }

    /// The indexes of the field as `/spec` tells them.
    private static func keyIndexes(_ server: TestServer, _ table: String = "a") async throws -> [JSON] {
        let spec = try await server.admin.get("/v1/data/\(table)/spec").json
        return (spec["indexes"]?.arrayValue ?? []).filter { $0["key"] == ["clientKey": 1] }
    }

    @Test("A table of apply stores a key once; what has none, is alone with it or has another is stored")
    func byDefault() async throws {
        try await withServer(tables: Self.tables()) { server in
            let index: JSON = ["name": "_clientKey_", "key": ["clientKey": 1], "unique": true, "sparse": true]
            #expect(try await Self.keyIndexes(server) == [index])
            #expect(try await server.admin.get("/v1/data/a/spec").json["clientKeys"] == nil)
            #expect(try await server.admin.post("/v1/a", ["clientKey": "~1"]).status == 201)
            let twin = try await server.admin.post("/v1/a", ["clientKey": "~1", "n": 2])
            #expect(twin.status == 409 && twin.code == "data/duplicate-value")
            for body: JSON in [[:], [:], ["clientKey": "~2"], ["clientKey": "~1 "]] {
                #expect(try await server.admin.post("/v1/a", body).status == 201)
            }
            // Null is a value, as in every index that is sparse.
            #expect(try await server.admin.post("/v1/a", ["clientKey": nil]).status == 201)
            #expect(try await server.admin.post("/v1/a", ["clientKey": nil]).status == 409)
        }
    }

    @Test("A first record's table keeps them unique as well; so does a system table")
    func otherTables() async throws {
        try await withServer(
            tables: Self.tables(name: "_log"), configure: { $0.isDynamic = true }
        ) { server in
            let made = try await server.admin.post("/v1/dynamic", ["clientKey": "~1"])
            #expect(made.status == 201)
            #expect(try await Self.keyIndexes(server, "dynamic").count == 1)
            #expect(try await Self.keyIndexes(server, "_log").count == 1)
            // What such a table is already isn't changed by naming it.
            #expect(try server.apply(Self.tables(name: "dynamic")) == [])
        }
    }

    @Test("False refuses it, takes it back, and is what /spec says then")
    func refused() async throws {
        try await withServer(tables: Self.tables(["clientKeys": false])) { server in
            #expect(try await Self.keyIndexes(server) == [])
            for _ in 0..<2 { #expect(try await server.admin.post("/v1/a", ["clientKey": "~1"]).status == 201) }
            let spec = try await server.admin.get("/v1/data/a/spec").json
            #expect(spec["clientKeys"] == false)
            #expect(try server.apply(spec) == [])
        }
        try await withServer(tables: Self.tables()) { server in
            let changes = try server.apply(Self.tables(["clientKeys": false]))
            #expect(changes == ["table a: client keys no longer kept unique"])
            for _ in 0..<2 { #expect(try await server.admin.post("/v1/a", ["clientKey": "~1"]).status == 201) }
            #expect(try server.apply(Self.tables(["clientKeys": false])) == [])
        }
    }

    @Test(
        "Where the table keeps them unique by itself, or takes none, nothing is added",
        arguments: [
            (["indexes": [["name": "mine", "fields": ["clientKey": -1], "unique": true]]], 0),
            (["indexes": [["fields": ["clientKey": 1], "unique": true, "sparse": true]]], 1),
            (["schema": ["properties": ["clientKey": ["type": "string", "unique": true]]]], 1),
            (["additionalProperties": false], 0),
            (["additionalProperties": false, "schema": ["properties": ["clientKey": ["type": "string"]]]], 1),
            (["indexes": [["fields": ["clientKey": 1, "n": 1], "unique": true]]], 1),
            (["indexes": [["name": "plain", "fields": ["clientKey": 1]]]], 2),
        ] as [(JSONObject, Int)])
    func notNeeded(table: JSONObject, indexes: Int) async throws {
        try await withServer(tables: Self.tables(table)) { server in
            #expect(try await Self.keyIndexes(server).count == indexes)
            #expect(try server.apply(Self.tables(table)) == [])
            let spec = try await server.admin.get("/v1/data/a/spec").json
            #expect(try server.apply(spec) == [])
        }
    }

    @Test("A table that is closed lets the index go; opened again it has it, and records keep their keys")
    func closing() async throws {
        try await withServer(tables: Self.tables()) { server in
            let record = try await server.admin.post("/v1/a", ["clientKey": "~1"])
            #expect(
                try server.apply(Self.tables(["additionalProperties": false])) == [
                    "table a: additional fields refused, client keys no longer kept unique"
                ])
            #expect(try await Self.keyIndexes(server) == [])
            let closed = try await server.admin.get("/v1/a/\(record.id)")
            #expect(closed.json["clientKey"] == "~1")
            #expect(
                try server.apply(Self.tables()) == ["table a: additional fields allowed, client keys kept unique"])
            #expect(try await server.admin.post("/v1/a", ["clientKey": "~1"]).status == 409)
        }
    }

    @Test("Where records share keys apply names them, adds no index, goes on with the rest, and tries again next time")
    func duplicates() async throws {
        try await Workplace.with { place in
            try await place.apply(Self.tables(["clientKeys": false]))
            let server = try await ServeProcess.start(place.folder)
            let client = TestClient(server.url, key: place.secret)
            var ids: [String] = []
            let long = "~4" + String(repeating: "k", count: 300)
            for key in ["~1", "~1", "~2", "~2", "~3"] + Array(repeating: long, count: 16) {
                ids.append(try await client.post("/v1/a", ["clientKey": .string(key), "n": 1]).id)
            }
            let new = Self.tables(["schema": ["properties": ["n": ["type": "int"]]]])
            let file = try place.file("new.json", new.serialized())

            let check = try await CommandRun.run("apply", place.folder, file, "--check")
            #expect(check.status == 0 && check.errors.contains("share"))
            #expect(check.output == "would change: table a: field n added\n")

            let run = try await CommandRun.run("apply", place.folder, file)
            #expect(run.status == 0)
            #expect(run.output == "table a: field n added\n")
            #expect(run.errors.hasPrefix("warning: table a: client keys are not kept unique"))
            #expect(run.errors.contains("\(ids[1]) and \(ids[0]) share \"~1\""))
            #expect(run.errors.contains("\(ids[3]) and \(ids[2]) share \"~2\""))
            #expect(run.errors.contains("; and 7 more"))
            #expect(run.errors.utf8.count < 2_500)
            #expect(try await client.post("/v1/a", ["n": "text"]).fields == ["n"])

            let again = try await place.json(["apply"], file)
            #expect(again[0]?["changes"] == [])
            #expect(again[0]?["warnings"]?[0]?.stringValue?.contains("share") == true)
            for record in try await client.list("/v1/a", [("limit", "100")]).items.dropLast() {
                _ = try await client.delete("/v1/a/\(record["id"]?.stringValue ?? "")")
            }
            let third = try await place.json(["apply"], file)
            #expect(third == [["table": "a", "changes": ["client keys kept unique"]]])
            #expect(try await server.end().status == 0)
        }
    }

    @Test("A rollback puts back what was in force, with the setting; promotion carries it where the records allow")
    func rollbackAndPromotion() async throws {
        try await Workplace.with { place in
            _ = try await place.json(["environment", "create"], "prod")
            try await place.apply(Self.tables(["clientKeys": false]))
            try await place.apply(Self.tables())
            try await place.apply(Self.tables(["clientKeys": false, "searchIndex": true]), "--env", "prod")
            let versions = try await place.json(["table", "versions"], "a")
            #expect(versions[1]?["changes"] == ["client keys kept unique"])
            #expect(versions[1]?["definition"]?["clientKeys"] == true)
            let back = try await place.json(["table", "rollback"], "a", "1")
            #expect(back[0]?["changes"] == ["client keys no longer kept unique"])
            let forth = try await place.json(["table", "rollback"], "a", "2")
            #expect(forth[0]?["changes"] == ["client keys kept unique"])
            let promoted = try await place.json(["environment", "promote"], "dev", "prod")
            #expect(promoted[0]?["changes"] == ["search index off", "client keys kept unique"])
        }
    }

    @Test("A table from before the setting has no index until apply; its old versions stay without")
    func older() async throws {
        try await withFolder { folder in
            let server = try await TestServer.start(folder: folder, tables: Self.tables(["clientKeys": false]))
            try await server.stop()
            // As an earlier version wrote it.
            let name = try EnvironmentName(project: "default", environment: "dev")
            let store = try DataFolder.open(at: folder).store(of: name)
            try store.engine.writeNow(locking: [.definitions]) { session in
                for table in ["server_tables", "server_table_versions"] {
                    try session.execute(
                        "UPDATE \(table) SET definition = replace(definition, ',\"clientKeys\":false', '')")
                }
            }
            #expect(try store.tables()[0].definition.clientKeys == nil)
            #expect(try store.check(Self.tables(), finding: { _ in })[0].change.changes == ["client keys kept unique"])
            #expect(try store.apply(Self.tables())[0].changes == ["client keys kept unique"])
            #expect(try store.rollBack("a", to: 1).changes == ["client keys no longer kept unique"])
            #expect(try store.tables()[0].definition.clientKeys == nil)
        }
    }

    @Test("An export's definitions take its records: where they share keys it says so")
    func export() async throws {
        try await Workplace.with { place in
            try await place.apply(Self.tables(["clientKeys": false]))
            let records = try place.file(
                "a.jsonl",
                Array(
                    (1...3).map { #"{"id":"677e0000000000000000000\#($0)","clientKey":"~1"}"# }.joined(separator: "\n")
                        .utf8))
            #expect(try await place.json(["import"], "a", records)["imported"] == 3)
            // The setting doesn't say it any more, the records do.
            try await place.apply(Self.tables())
            #expect(try await place.json(["table", "show"], "a")["definition"]?["clientKeys"] == nil)
            #expect(try await CommandRun.run("export", place.folder, "--out", place.path + "/out").status == 0)
            let other = place.path + "/other"
            _ = try await CommandRun.run("init", other)
            #expect(try await CommandRun.run("apply", other, place.path + "/out/tables.json").status == 0)
            let run = try await CommandRun.run("import", other, "a", place.path + "/out/a.jsonl")
            #expect(run.status == 0 && run.output.contains("imported 3"), "\(run.output)\(run.errors)")
        }
    }

    @Test("What is inferred takes the records that it was inferred from", arguments: [true, false])
    func inference(isShared: Bool) throws {
        var inference = SchemaInference()
        inference.add(["id": "1", "clientKey": "~1"])
        // The same record on two pages is one.
        inference.add(["id": "1", "clientKey": "~1"])
        inference.add(["id": "2"])
        inference.add(["id": "3", "clientKey": isShared ? "~1" : "~2"])
        #expect(inference.definition(name: "a").clientKeys == (isShared ? false : nil))
    }
}
