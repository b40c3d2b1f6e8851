import BkendWire
import Foundation
import GRDB
import Testing

@testable import BkendServer

@Suite struct CheckCommandTests {
    /// A folder with a table of three records, an index and two versions.
    private static func withTable(_ body: (Workplace) async throws -> Void) async throws {
        try await Workplace.with { place in
            try await place.apply(["tables": [["name": "a"]]])
            try await place.apply(["tables": [["name": "a", "indexes": [["fields": ["n": 1]]]]]])
            let file = try place.file("a.json", Array(#"[{"id":"1","n":1},{"id":"2","n":[2,3]},{"id":"3"}]"#.utf8))
            _ = try await place.json(["import"], "a", file)
            try await body(place)
        }
    }

    private static func damage(_ place: Workplace, _ sql: String, file: String = "environments/default/dev.sqlite")
        throws
    {
        let queue = try DatabaseQueue(path: "\(place.folder)/\(file)")
        try queue.inDatabase { db in
            try db.execute(sql: "PRAGMA foreign_keys = OFF")
            try db.execute(sql: sql)
        }
        try queue.close()
    }

    @Test("A sound folder has no findings, also while the server runs")
    func sound() async throws {
        try await Self.withTable { place in
            #expect(try await place.json(["check"]) == ["findings": [], "count": 0, "databases": 2, "records": 3])
            let server = try await ServeProcess.start(place.folder)
            #expect(try await TestClient(server.url, key: place.secret).post("/v1/a", ["n": 9]).status == 201)
            #expect(try await place.json(["check"])["records"] == 4)
            #expect(try await server.end().status == 0)
        }
    }

    @Test(
        "Each kind of damage is found and named",
        arguments: [
            ("DELETE FROM c1_i5 WHERE key = (SELECT min(key) FROM c1_i5)", ["index", "index"]),
            ("INSERT INTO c1_i5 VALUES (x'0102', 1)", ["index"]),
            ("UPDATE c1_i5 SET row = 3 WHERE row = 1", ["index"]),
            ("UPDATE bkend_indexes SET multikey = 0", ["index"]),
            ("UPDATE bkend_collections SET documents = 4", ["count"]),
            ("UPDATE c1 SET document = replace(document, '\"n\":1', '\"n\":5') WHERE id = '1'", ["index"]),
            ("UPDATE c1 SET document = '{' WHERE id = '3'", ["record", "index", "index", "index", "index"]),
            (
                "UPDATE c1 SET document = replace(document, 'createdBy', 'created_') WHERE id = '3'",
                ["record", "index"]
            ),
            ("UPDATE server_tables SET definition = '{}'", ["definition", "version"]),
            ("UPDATE server_tables SET version = 4", ["version"]),
            ("DELETE FROM server_table_versions WHERE version = 1", ["version"]),
            ("DELETE FROM server_tables", ["definition"]), ("UPDATE server_catalog SET format = 99", ["file"]),
            ("UPDATE bkend_indexes SET collection = 9 WHERE number = 5", ["reference", "index"]),
        ])
    func damage(sql: String, kinds: [String]) async throws {
        try await Self.withTable { place in
            try Self.damage(place, sql)
            let report = try await place.json(["check"], status: 1)
            let found = (report["findings"]?.arrayValue ?? []).map { $0["kind"]?.stringValue ?? "" }
            #expect(found == kinds, "\(report)")
            #expect(report["findings"]?[0]?["file"] == "environments/default/dev.sqlite")
            let text = try await CommandRun.run("check", place.folder)
            #expect(text.status == 1)
            #expect(text.output.split(separator: "\n").count == kinds.count + 1)
        }
    }

    @Test("Keys that are not what they say, and files that others may read")
    func control() async throws {
        try await Self.withTable { place in
            try Self.damage(
                place, "UPDATE keys SET scopes = 'nonsense' WHERE id = 2; UPDATE keys SET digest = x'00' WHERE id = 1",
                file: "control.sqlite")
            chmod(place.folder + "/control.sqlite", 0o644)
            let report = try await place.json(["check"], status: 1)
            let found = (report["findings"]?.arrayValue ?? []).map { $0["kind"]?.stringValue ?? "" }
            #expect(Set(found) == ["file", "key"])
            #expect(found.filter { $0 == "key" }.count == 2)
        }
    }

    @Test("Bytes that were overwritten are found by SQLite's own check")
    func bytes() async throws {
        try await Self.withTable { place in
            let server = try await ServeProcess.start(place.folder)
            #expect(try await server.end().status == 0)
            let file = place.folder + "/environments/default/dev.sqlite"
            // Everything out of the log and into the database, so that its pages are what is read.
            try Self.damage(place, "PRAGMA wal_checkpoint(TRUNCATE)")
            var bytes = try #require(FileManager.default.contents(atPath: file))
            for page in stride(from: 4_096 * 3, to: bytes.count, by: 4_096) {
                bytes[page..<(page + 16)] = Data(repeating: 0x55, count: 16)
            }
            try bytes.write(to: URL(fileURLWithPath: file))
            let report = try await CommandRun.run("check", place.folder, "--json")
            #expect(report.status == 1, "\(report.errors)")
            #expect(try report.json["findings"]?[0]?["kind"] == "integrity")
        }
    }

    @Test("What is no data folder is refused with status 66")
    func noFolder() async throws {
        try await withFolder { path async throws in
            #expect(try await CommandRun.run("check", path).status == 66)
        }
    }
}
