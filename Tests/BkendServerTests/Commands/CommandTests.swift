import BkendTesting
import BkendWire
import Foundation
import Testing

@testable import BkendServer

/// The built executable, as an operator runs it.
@Suite struct CommandTests {
    static func keys(_ run: CommandRun) throws -> (publishable: String, secret: String) {
        let json = try JSON(parsing: run.output)
        return (try #require(json["publishableKey"]?.stringValue), try #require(json["secretKey"]?.stringValue))
    }

    static func mode(_ path: String) throws -> Int {
        try #require(FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int)
    }

    @Test("init prints exactly one JSON object, for its owner's eyes only")
    func initialise() async throws {
        try await withFolder { folder in
            let run = try await CommandRun.run("init", folder, "--project", "shop", "--env", "prod")
            #expect(run.status == 0)
            #expect(run.errors == "")
            #expect(run.output.split(separator: "\n").count == 1)
            let json = try JSON(parsing: run.output)
            #expect(json.objectValue?.keys == ["project", "environment", "publishableKey", "secretKey"])
            #expect(json["project"] == "shop")
            #expect(json["environment"] == "prod")
            let keys = try Self.keys(run)
            #expect(APIKey(keys.publishable)?.kind == .publishable)
            #expect(APIKey(keys.secret)?.kind == .secret)
            #expect(try Self.mode(folder) == 0o700)
            #expect(try Self.mode(folder + "/control.sqlite") == 0o600)
            let stored = try #require(FileManager.default.contents(atPath: folder + "/control.sqlite"))
            #expect(stored.range(of: Data(keys.publishable.utf8)) != nil)
            #expect(stored.range(of: Data(keys.secret.utf8)) == nil)
        }
    }

    @Test("init on a folder in use is one line and changes nothing")
    func initialiseTwice() async throws {
        try await withFolder { folder in
            _ = try await CommandRun.run("init", folder)
            let before = FileManager.default.contents(atPath: folder + "/control.sqlite")
            let again = try await CommandRun.run("init", folder)
            #expect(again.status == 73)
            #expect(again.output == "")
            #expect(again.errors.split(separator: "\n").count == 1)
            #expect(again.errors.contains("already"))
            #expect(FileManager.default.contents(atPath: folder + "/control.sqlite") == before)
            #expect(try FileManager.default.contentsOfDirectory(atPath: folder) == ["control.sqlite"])
        }
    }

    @Test("Bad folders, names and files are one clear line, and the status of their kind")
    func failures() async throws {
        try await withFolder { folder in
            try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
            let file = folder + "/file"
            #expect(FileManager.default.createFile(atPath: file, contents: Data("{".utf8)))
            let runs = [
                try await CommandRun.run("serve", folder + "/none"), try await CommandRun.run("serve", folder),
                try await CommandRun.run("serve", file), try await CommandRun.run("init", file),
                try await CommandRun.run("init", folder), try await CommandRun.run("init", "/proc/nothing"),
                try await CommandRun.run("init", folder + "/new", "--project", "../x"),
                try await CommandRun.run("apply", folder, file),
            ]
            let statuses: [Int32] = [66, 66, 66, 73, 73, 66, 64, 66]
            for (run, status) in zip(runs, statuses) {
                #expect(run.status == status, "\(run.errors)")
                #expect(run.output == "")
                #expect(run.errors.split(separator: "\n").count == 1, "\(run.errors)")
                #expect(run.errors.hasPrefix("bkend-server: "))
            }
        }
    }

    @Test("Unknown flags exit 64, help exits 0", arguments: ["init", "apply", "serve"])
    func usage(command: String) async throws {
        let unknown = try await CommandRun.run(command, "x", "y", "--nonsense")
        #expect(unknown.status == 64)
        #expect(unknown.errors.contains("--nonsense"))
        let help = try await CommandRun.run(command, "--help")
        #expect(help.status == 0)
        #expect(help.output.contains("USAGE: bkend-server \(command)"))
        #expect(try await CommandRun.run("--help").status == 0)
        #expect(try await CommandRun.run("serve", "x", "--port", "99999").status == 64)
        #expect(try await CommandRun.run("fly").status == 64)
    }

    @Test("apply says what it changed, and nothing the second time")
    func apply() async throws {
        try await withFolder { folder in
            _ = try await CommandRun.run("init", folder)
            let file = folder + "/tables.json"
            func write(_ json: JSON) {
                _ = FileManager.default.createFile(atPath: file, contents: Data(json.serialized()))
            }
            write(["tables": [["name": "a", "schema": ["properties": ["n": ["type": "int"]]]], ["name": "b"]]])
            let first = try await CommandRun.run("apply", folder, file)
            #expect(first.status == 0)
            #expect(first.output == "table a: created, 1 field, 0 indexes\ntable b: created, 0 fields, 0 indexes\n")
            #expect(try await CommandRun.run("apply", folder, file).output == "no changes\n")
            write([
                "tables": [
                    [
                        "name": "a", "schema": ["properties": ["m": ["type": "int"]]],
                        "indexes": [["fields": ["m": 1]]], "permissions": [:],
                    ]
                ]
            ])
            let changed = try await CommandRun.run("apply", folder, file)
            #expect(
                changed.output
                    == "table a: field m added, field n removed from the schema, index m_1 added, permissions replaced\n"
            )
            #expect(try Self.mode(folder + "/environments/default/dev.sqlite") == 0o600)
            let other = try await CommandRun.run("apply", folder, file, "--env", "prod")
            #expect(other.status == 66)
            #expect(other.errors.contains("default/dev"))
        }
    }

    @Test("apply names every mistake of the file by its path, and then changes nothing")
    func mistakes() async throws {
        try await withFolder { folder in
            _ = try await CommandRun.run("init", folder)
            let file = folder + "/tables.json"
            let json: JSON = [
                "tables": [
                    ["name": "good", "schema": ["properties": ["d": ["type": "nothing"]]]],
                    [
                        "name": "bad",
                        "schema": [
                            "properties": [
                                "a": ["type": "string", "pattern": "("],
                                "b": ["type": "int", "maximum": 1, "default": 2],
                            ]
                        ],
                        "columnPermissions": ["a.b": ["read": "admin"]],
                    ],
                ]
            ]
            _ = FileManager.default.createFile(atPath: file, contents: Data(json.serialized()))
            let run = try await CommandRun.run("apply", folder, file)
            #expect(run.status == 65)
            #expect(run.output == "")
            for path in ["a.pattern", "b.default"] {
                #expect(run.errors.contains("tables[1].schema.properties.\(path)"))
            }
            #expect(run.errors.contains("tables[1].columnPermissions.a.b"))
            #expect(run.errors.contains("tables[0].schema.properties.d.type"))
            let good: JSON = ["tables": [["name": "good"]]]
            _ = FileManager.default.createFile(atPath: file, contents: Data(good.serialized()))
            #expect(try await CommandRun.run("apply", folder, file).output.hasPrefix("table good: created"))
        }
    }

    @Test("A unique index over records that share a value is refused, and nothing of the file is applied")
    func impossibleIndex() async throws {
        try await withServer(tables: ["tables": [["name": "a"]]]) { server in
            _ = try await server.admin.post("/v1/a", [["k": 1], ["k": 1]])
            #expect(throws: OperatorError.self) {
                try server.apply([
                    "tables": [["name": "new"], ["name": "a", "indexes": [["fields": ["k": 1], "unique": true]]]]
                ])
            }
            #expect(try await server.admin.get("/v1/new").code == "data/table-not-found")
            #expect(try await server.admin.post("/v1/a", ["k": 1]).status == 201)
        }
    }

    @Test("serve prints one line, answers, and ends with status 0 when told to", arguments: [SIGTERM, SIGINT])
    func serve(signal: Int32) async throws {
        try await withFolder { folder in
            let keys = try Self.keys(try await CommandRun.run("init", folder))
            let process = try await ServeProcess.start(folder, "--dynamic")
            let client = TestClient(process.url, key: keys.secret)
            let created = try await client.post("/v1/notes", ["a": 1])
            #expect(created.status == 201)
            let (status, output) = try await process.end(signal)
            #expect(status == 0)
            #expect(output == "")
            let second = try await ServeProcess.start(folder)
            let again = TestClient(second.url, key: keys.secret)
            #expect(try await again.get("/v1/notes/\(created.id)").body == created.body)
            #expect(try await second.end().status == 0)
        }
    }

    @Test("Tables applied by another process, and keys revoked by one, count from the next request on")
    func twoProcesses() async throws {
        try await withFolder { folder in
            let keys = try Self.keys(try await CommandRun.run("init", folder))
            let process = try await ServeProcess.start(folder)
            let client = TestClient(process.url, key: keys.secret)
            #expect(try await client.get("/v1/notes").status == 404)
            let file = folder + "/tables.json"
            let tables: JSON = ["tables": [["name": "notes", "schema": ["required": ["a"]]]]]
            _ = FileManager.default.createFile(atPath: file, contents: Data(tables.serialized()))
            #expect(try await CommandRun.run("apply", folder, file).status == 0)
            #expect(try await client.post("/v1/notes", ["b": 1]).fields == ["a"])
            #expect(try await client.post("/v1/notes", ["a": 1]).status == 201)
            #expect(try DataFolder.open(at: folder).control.revoke(keys.secret, now: .systemNow))
            #expect(try await client.get("/v1/notes").status == 401)
            #expect(try await process.end().status == 0)
        }
    }

    @Test("A write that was answered survives kill -9")
    func killed() async throws {
        try await withFolder { folder in
            let keys = try Self.keys(try await CommandRun.run("init", folder))
            let process = try await ServeProcess.start(folder, "--dynamic")
            let client = TestClient(process.url, key: keys.secret)
            var ids: [String] = []
            for number in 0..<20 { ids.append(try await client.post("/v1/notes", ["n": .int(Int64(number))]).id) }
            _ = try await process.end(SIGKILL)
            let second = try await ServeProcess.start(folder)
            let again = TestClient(second.url, key: keys.secret)
            for id in ids { #expect(try await again.get("/v1/notes/\(id)").status == 200) }
            #expect(try await second.end().status == 0)
        }
    }

    @Test("A port in use is one clear line and status 69")
    func portInUse() async throws {
        try await withFolder { folder in
            _ = try await CommandRun.run("init", folder)
            let process = try await ServeProcess.start(folder)
            let port = "\(TestClient(process.url).port)"
            let second = try await CommandRun.run("serve", folder, "--port", port)
            #expect(second.status == 69)
            #expect(second.output == "")
            #expect(second.errors.split(separator: "\n").count == 1, "\(second.errors)")
            #expect(second.errors.contains("port"))
            #expect(try await process.end().status == 0)
        }
    }

    @Test("serve tells what it offers, its grace only when it was given one; more than a minute is refused")
    func refreshGrace() async throws {
        try await withFolder { folder in
            _ = try await CommandRun.run("init", folder)
            for (options, expected) in [
                ([], "changes, stream"), (["--refresh-grace", "15"], "refresh-grace=15, changes, stream"),
                (["--stream-limit", "0"], "changes"), (["--no-changes"], nil),
            ] as [([String], String?)] {
                let process = try await ServeProcess.start(folder, options)
                let answer = try await TestClient(process.url).get("/health")
                #expect(answer.headers["x-bkend-extensions"] == expected)
                #expect(try await process.end().status == 0)
            }
            #expect(try await CommandRun.run("serve", folder, "--refresh-grace", "61").status == 64)
        }
    }

    @Test("A folder of a newer format is refused in one line")
    func newerFormat() async throws {
        try await withFolder { folder in
            _ = try await CommandRun.run("init", folder)
            let control = folder + "/control.sqlite"
            var bytes = try #require(FileManager.default.contents(atPath: control))
            // The header's user version (SQLite's file format, section 1.3).
            bytes[63] = 99
            try bytes.write(to: URL(fileURLWithPath: control))
            let run = try await CommandRun.run("serve", folder)
            #expect(run.status == 65)
            #expect(run.errors.contains("format 99"))
            #expect(run.errors.split(separator: "\n").count == 1)
        }
    }
}
