import BkendWire
import Foundation
import Testing

@testable import BkendServer

@Suite struct ImportCommandTests {
    private static func id(_ number: Int) -> String { "65a0b1c2d3e4f5a6b7c8" + String(format: "%04x", number) }

    private static func record(_ number: Int, _ more: JSONObject = [:]) -> JSON {
        var object: JSONObject = [
            "id": .string(id(number)), "n": .int(Int64(number)), "createdBy": "someone",
            "createdAt": "2024-01-12T03:04:05.678Z", "updatedAt": "2024-02-12T03:04:05Z",
        ]
        for (name, value) in more { object[name] = value }
        return .object(object)
    }

    private static func page(_ records: [JSON]) -> [UInt8] {
        (["success": true, "data": ["items": .array(records), "pagination": ["total": 3]]] as JSON).serialized()
    }

    @Test("Pages move in while the server runs, keep their system fields, and are there but once when repeated")
    func pages() async throws {
        try await Workplace.with { place in
            try await place.apply(["tables": [["name": "a", "schema": ["properties": ["n": ["type": "int"]]]]]])
            let server = try await ServeProcess.start(place.folder)
            let client = TestClient(server.url, key: place.secret)
            let one = try place.file("1.json", Self.page([Self.record(1), Self.record(2)]))
            let two = try place.file("2.json", Self.page([Self.record(3), Self.record(4)]))
            let first = try await place.json(["import"], "a", one, two, "--batch", "3")
            #expect(
                first == [
                    "table": "a", "read": 4, "imported": 4, "replaced": 0, "same": 0, "skipped": 0, "rejected": 0,
                    "rejects": nil,
                ])
            let record = try await client.get("/v1/a/\(Self.id(2))")
            #expect(record.json["createdBy"] == "someone")
            #expect(record.json["createdAt"] == "2024-01-12T03:04:05.678Z")
            #expect(record.json["updatedAt"] == "2024-02-12T03:04:05.000Z")
            let again = try await place.json(["import"], "a", one, two)
            #expect(again["same"] == 4 && again["imported"] == 0)
            #expect(try await client.get("/v1/a").json["pagination"]?["total"] == 4)
            let input = try await CommandRun.run(
                ["import", place.folder, "a", "-", "--json", "--quiet"], input: Self.record(5).serialized() + [0x0A])
            #expect(try input.json["imported"] == 1)
            #expect(input.errors == "")
            #expect(try await client.get("/v1/a/\(Self.id(5))").status == 200)
            #expect(try await server.end().status == 0)
        }
    }

    @Test("Each rejected record goes to a file with its reasons, and the others are stored")
    func rejects() async throws {
        try await Workplace.with { place in
            try await place.apply([
                "tables": [
                    [
                        "name": "a",
                        "schema": [
                            "properties": [
                                "n": ["type": "int", "maximum": 100], "slug": ["type": "string", "unique": true],
                                "d": ["type": "string", "default": "filled"],
                            ]
                        ],
                    ]
                ]
            ])
            let lines = [
                Self.record(1, ["slug": "x"]).description, Self.record(2, ["slug": "x"]).description,
                Self.record(300).description, #"{"n":1}"#, #"{"id":7}"#, #"{"id":"a/b"}"#, #"{"id":"spec"}"#, "17",
                "{nonsense}",
                #"{"id":"k","id":"k"}"#, #"{"id":"t","createdAt":"yesterday"}"#, #"{"id":"c","createdBy":5}"#,
                #"{"id":"d","a.b":1}"#, #"{"id":"bad\ud800"}"#, #"{"_id":"mongo","n":2}"#, Self.record(3).description,
            ]
            let file = try place.file("a.jsonl", lines.joined(separator: "\n").utf8)
            let rejects = place.path + "/rejects.jsonl"
            let run = try await place.json(["import"], "a", file, "--rejects", rejects, status: 1)
            #expect(run["imported"] == 3 && run["rejected"] == 13 && run["rejects"]?.stringValue == rejects)
            let text = String(decoding: FileManager.default.contents(atPath: rejects) ?? Data(), as: UTF8.self)
            let found = try text.split(separator: "\n").map { try JSON(parsing: String($0)) }
            let rules = found.map { $0["details"]?[0]?["rule"]?.stringValue ?? "" }
            #expect(
                rules == [
                    "unique", "maximum", "required", "type", "form", "form", "type", "json", "json", "date", "type",
                    "name", "json",
                ])
            #expect(found[0]["record"] == Self.record(2, ["slug": "x"]))
            #expect(found[7]["text"] == "{nonsense}")
            #expect(found[0]["offset"]?.intValue == Int64(lines[0].utf8.count + 1))
            #expect(try CommandTests.mode(rejects) == 0o600)
            let stored = try await CommandRun.run("export", place.folder, "a").output.split(separator: "\n")
            #expect(stored[1].hasPrefix(#"{"id":"mongo","n":2,"createdBy":"","createdAt":"2"#))
            #expect(!stored[0].contains("filled"))
            let filled = try place.file("b.jsonl", #"{"id":"f"}"#.utf8)
            _ = try await place.json(["import"], "a", filled, "--fill-defaults")
            #expect(try await CommandRun.run("export", place.folder, "a").output.contains(#"{"id":"f","d":"filled","#))
        }
    }

    @Test(
        "A record that is there with other content is handled as asked",
        arguments: [
            ("reject", ["server", "server"], 1), ("skip", ["server", "server"], 0), ("replace", ["file", "file"], 0),
            ("newer", ["server", "file"], 0),
        ])
    func conflicts(rule: String, expected: [String], status: Int32) async throws {
        try await Workplace.with { place in
            try await place.apply(["tables": [["name": "a"]]])
            let old = try place.file("old.json", Self.page([1, 2].map { Self.record($0, ["from": "server"]) }))
            _ = try await place.json(["import"], "a", old)
            let new = try place.file(
                "new.json",
                Self.page([
                    Self.record(1, ["from": "file"]),
                    Self.record(2, ["from": "file", "updatedAt": "2024-02-12T03:04:05.001Z"]),
                ]))
            let run = try await place.json(
                ["import"], "a", new, "--on-conflict", rule, "--rejects", place.path + "/r", status: status)
            let lines = try await CommandRun.run("export", place.folder, "a").output.split(separator: "\n")
            #expect(try lines.map { try JSON(parsing: String($0))["from"]?.stringValue ?? "" } == expected)
            #expect(run["read"] == 2)
        }
    }

    @Test("A device that has seen the table's newest record sees what an import replaced, and a repeat changes nothing")
    func replacedIsSeen() async throws {
        try await Workplace.with { place in
            try await place.apply(["tables": [["name": "a"]]])
            let old = try place.file("old.json", Self.page((1...3).map { Self.record($0, ["from": "first"]) }))
            _ = try await place.json(["import"], "a", old)
            let server = try await ServeProcess.start(place.folder)
            let client = TestClient(server.url, key: place.secret)
            func seen(since cursor: String) async throws -> [String] {
                let filter: JSON = ["updatedAt": ["$gte": .string(cursor)]]
                let query = [("andFilters", filter.description), ("sortBy", "id"), ("sortDirection", "asc")]
                return try await client.list("/v1/a", query).items.compactMap { $0["from"]?.stringValue }
            }
            // What devices have seen already: a record of this moment, later than every stamp in the files but one.
            let newest = try await client.post("/v1/a", ["from": "device"])
            let cursor = try #require(newest.json["updatedAt"]?.stringValue)
            let files = [
                Self.record(1, ["from": "older", "updatedAt": "2024-01-12T03:04:05.678Z"]),
                Self.record(2, ["from": "later", "updatedAt": "2024-06-12T03:04:05.678Z"]),
                Self.record(3, ["from": "far", "updatedAt": "2999-06-12T03:04:05.678Z"]),
            ]
            let new = try place.file("new.json", Self.page(files))
            let newer = try await place.json(["import"], "a", new, "--on-conflict", "newer")
            #expect(newer["replaced"] == 2 && newer["skipped"] == 1)
            #expect(try await seen(since: cursor) == ["later", "far", "device"])
            let replaced = try await place.json(["import"], "a", new, "--on-conflict", "replace")
            #expect(replaced["replaced"] == 1 && replaced["same"] == 2)
            #expect(try await seen(since: cursor) == ["older", "later", "far", "device"])
            let far = try await client.get("/v1/a/\(Self.id(3))").json
            #expect(far["updatedAt"] == "2999-06-12T03:04:05.678Z")
            let text = try await client.get("/v1/a").text
            for rule in ["replace", "newer", "skip", "reject"] {
                let again = try await place.json(["import"], "a", new, "--on-conflict", rule)
                #expect(again["same"] == 3 && again["replaced"] == 0)
            }
            #expect(try await client.get("/v1/a").text == text)
            // A change that the hosted service stamped before this import, in a third export.
            let third = try place.file("third.json", Self.page([Self.record(1, ["from": "third"])]))
            #expect(try await place.json(["import"], "a", third, "--on-conflict", "newer")["skipped"] == 1)
            #expect(try await place.json(["import"], "a", third, "--on-conflict", "replace")["replaced"] == 1)
            #expect(try await server.end().status == 0)
        }
    }

    @Test("A record that is too long is rejected with its place and length, and the others are stored")
    func overlong() async throws {
        try await Workplace.with { place in
            try await place.apply(["tables": [["name": "a"]]])
            let long = Self.record(2, ["text": .string(String(repeating: "x", count: RecordReader.longestRecord))])
            let page = Self.page([Self.record(1), long, Self.record(3)])
            let offset = try #require(page.firstIndex(of: 0x5B)) + 2 + Self.record(1).serialized().count
            let file = try place.file("a.json", page)
            let rejects = place.path + "/rejects.jsonl"
            let run = try await place.json(["import"], "a", file, "--rejects", rejects, status: 1)
            #expect(run["imported"] == 2 && run["rejected"] == 1)
            let line = try JSON(parsing: Array(FileManager.default.contents(atPath: rejects) ?? Data()))
            #expect(line["offset"]?.intValue == Int64(offset))
            #expect(line["length"]?.intValue == Int64(long.serialized().count))
            #expect(line["details"]?[0]?["rule"] == "length" && line["text"] == nil)
        }
    }

    @Test("Rejects go through no link, and never into a file that is imported; what else lies there is written anew")
    func rejectsPlace() async throws {
        try await Workplace.with { place in
            let manager = FileManager.default
            try await place.apply(["tables": [["name": "a"]]])
            let file = try place.file("a.jsonl", #"{"n":1}"#.utf8)
            let other = try place.file("other", "precious".utf8)
            let link = place.path + "/link"
            for target in [place.path + "/nowhere", other] {
                try manager.createSymbolicLink(atPath: link, withDestinationPath: target)
                let run = try await CommandRun.run("import", place.folder, "a", file, "--rejects", link)
                #expect(run.status == 1 && run.errors.contains("is a link"), "\(run.errors)")
                try manager.removeItem(atPath: link)
            }
            #expect(!manager.fileExists(atPath: place.path + "/nowhere"))
            #expect(manager.contents(atPath: other) == Data("precious".utf8))
            try manager.createSymbolicLink(atPath: link, withDestinationPath: file)
            for input in [file, link] {
                let run = try await CommandRun.run(
                    "import", place.folder, "a", input, "--rejects", "\(place.path)/./a.jsonl")
                #expect(run.status == 64, "\(run.errors)")
            }
            #expect(manager.contents(atPath: file) == Data(#"{"n":1}"#.utf8))
            // A file that others may read gets its place taken by one of its owner's alone. Input may come by a link.
            try manager.setAttributes([.posixPermissions: 0o644], ofItemAtPath: other)
            _ = try await place.json(["import"], "a", link, "--rejects", other, status: 1)
            #expect(try CommandTests.mode(other) == 0o600)
            #expect(String(decoding: manager.contents(atPath: other) ?? Data(), as: UTF8.self).hasPrefix("{\"file\""))
            _ = try await place.json(["import"], "a", file, "--rejects", "/dev/null", status: 1)
            #expect(manager.fileExists(atPath: "/dev/null"))
        }
    }

    @Test("A file that is cut says where, keeps what came before, and a repeat with the whole file completes it")
    func truncated() async throws {
        try await Workplace.with { place in
            try await place.apply(["tables": [["name": "a"]]])
            let whole = Self.page((1...50).map { Self.record($0) })
            let cut = try place.file("cut.json", whole.prefix(whole.count * 2 / 3))
            let run = try await CommandRun.run("import", place.folder, "a", cut, "--json", "--batch", "7")
            #expect(run.status == 65)
            #expect(run.errors.contains("at byte \(whole.count * 2 / 3)"))
            let imported = try #require(try run.json["imported"]?.intValue)
            #expect((20..<50).contains(imported))
            let lines = try await CommandRun.run("export", place.folder, "a").output.split(separator: "\n")
            #expect(lines.count == Int(imported))
            let file = try place.file("whole.json", whole)
            let second = try await place.json(["import"], "a", file)
            #expect(second["same"]?.intValue == imported && second["imported"]?.intValue == 50 - imported)
            let line = try place.file("cut.jsonl", Self.record(60).serialized().dropLast(3))
            #expect(try await CommandRun.run("import", place.folder, "a", line).status == 65)
        }
    }

    @Test("Killed at any moment an import leaves whole batches, and a repeat completes it")
    func killed() async throws {
        try await Workplace.with { place in
            try await place.apply(["tables": [["name": "a"]]])
            let file = try place.file("a.json", JSON.array((1...6_000).map { Self.record($0) }).serialized())
            let process = Process()
            process.executableURL = CommandRun.executable
            process.arguments = ["import", place.folder, "a", file, "--batch", "50", "--quiet"]
            process.standardOutput = FileHandle.nullDevice
            try process.run()
            func stored() async throws -> Int {
                Int(try await place.json(["table", "show"], "a")["records"]?.intValue ?? 0)
            }
            while try await stored() == 0, process.isRunning { await Task.yield() }
            kill(process.processIdentifier, SIGKILL)
            process.waitUntilExit()
            let count = try await stored()
            #expect(count % 50 == 0 && count > 0)
            #expect(try await CommandRun.run("export", place.folder, "a").output.split(separator: "\n").count == count)
            let run = try await place.json(["import"], "a", file)
            #expect(run["same"]?.intValue == Int64(count) && run["imported"]?.intValue == Int64(6_000 - count))
        }
    }

    @Test("Without a table both ways are named; --infer shows a definition, and with --yes goes on")
    func inference() async throws {
        try await Workplace.with { place in
            let file = try place.file(
                "a.json",
                Self.page([
                    Self.record(1, ["tags": ["a"], "at": "2024-02-12T03:04:05.000Z", "day": "2024-02-12", "x": 1]),
                    Self.record(2, ["tags": [], "author": ["name": "é", "age": nil], "ok": true, "x": "text"]),
                ]))
            let without = try await CommandRun.run("import", place.folder, "a", file)
            #expect(without.status == 66 && without.errors.contains("apply") && without.errors.contains("--infer"))
            let shown = try await place.json(["import"], "a", file, "--infer")
            #expect(
                shown["tables"]?[0]?["schema"] == [
                    "bsonType": "object",
                    "properties": [
                        "n": ["bsonType": "double"], "tags": ["bsonType": "array", "items": ["bsonType": "string"]],
                        "at": ["bsonType": "date"], "day": ["bsonType": "string"],
                        "author": ["bsonType": "object", "properties": ["name": ["bsonType": "string"]]],
                        "ok": ["bsonType": "bool"],
                    ],
                ])
            #expect(try await place.json(["table", "list"]) == [])
            for (flags, isShown) in [([], true), (["--quiet"], false)] as [([String], Bool)] {
                let run = try await CommandRun.run(["import", place.folder, "a", file, "--infer"] + flags)
                #expect(run.errors.contains("2 records looked at in ") == isShown, "\(run.errors)")
            }
            #expect(try await place.json(["import"], "a", file, "--infer", "--yes")["imported"] == 2)
            #expect(try await CommandRun.run("import", place.folder, "a", file, "--infer").status == 73)
            #expect(try await CommandRun.run("import", place.folder, "a", "-", "--infer").status == 64)
            #expect(try await CommandRun.run("import", place.folder, "a", place.path + "/none").status == 66)
        }
    }

    @Test("Records without an id get one when asked")
    func newIDs() async throws {
        try await Workplace.with { place in
            try await place.apply(["tables": [["name": "a"]]])
            let file = try place.file("a.json", Array(#"[{"n":1},{"n":2}]"#.utf8))
            #expect(try await place.json(["import"], "a", file, "--new-ids")["imported"] == 2)
            let lines = try await CommandRun.run("export", place.folder, "a").output.split(separator: "\n")
            for line in lines {
                let record = try JSON(parsing: String(line))
                #expect(record["id"]?.stringValue?.utf8.count == 24)
                #expect(record["createdAt"] == record["updatedAt"])
                #expect(record.objectValue?.keys == ["id", "n", "createdBy", "createdAt", "updatedAt"])
            }
        }
    }
}
