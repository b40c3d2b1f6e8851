import BkendWire
import Foundation
import Testing

@testable import BkendServer

@Suite struct RoundTripTests {
    /// Numbers, texts and shapes on which exactness fails first.
    private static func value(_ random: inout some RandomNumberGenerator, depth: Int = 0) -> String {
        let scalars = [
            "9007199254740993", "-9007199254740993", "-0", "0", "9223372036854775807", "-9223372036854775808", "1e-7",
            "0.1", "1.7976931348623157e+308", "5e-324", "true", "false", "null", #""""#, #""é""#, #""e\u0301""#,
            #""\u0000\u001f\"\\\/""#, #""😀\ud83d\ude00""#, #""2025-01-08""#, "18014398509481985", "1e21",
            "123456789.125",
        ]
        switch Int.random(in: 0..<(depth < 4 ? 10 : 8), using: &random) {
        case 8:
            let count = Int.random(in: 0...3, using: &random)
            let members = (0..<count).map {
                "\"\(["z", "a", "é", "m m", "Z"][$0])\(count)\":\(value(&random, depth: depth + 1))"
            }
            return "{\(members.shuffled(using: &random).joined(separator: ","))}"
        case 9:
            let values = (0..<Int.random(in: 0...3, using: &random)).map { _ in value(&random, depth: depth + 1) }
            return "[\(values.joined(separator: ","))]"
        default: return scalars.randomElement(using: &random) ?? "0"
        }
    }

    @Test("What the server wrote, exported, imported elsewhere and exported again is the same, byte for byte")
    func exact() async throws {
        try await Workplace.with { place in
            let server = try await ServeProcess.start(place.folder)
            let tables: JSON = [
                "tables": [
                    ["name": "a"],
                    [
                        "name": "b", "permissions": [:],
                        "schema": [
                            "properties": ["when": ["type": "date"], "slug": ["type": "string", "unique": true]]
                        ],
                    ],
                ]
            ]
            try await place.apply(tables)
            let client = TestClient(server.url, key: place.secret)
            var random = SystemRandomNumberGenerator()
            for round in 0..<4 {
                let records = (0..<200).map { _ in
                    let names = ["n", "x", "émile", "list", "Z"].shuffled(using: &random).prefix(3)
                    return "{" + names.map { "\"\($0)\":\(Self.value(&random))" }.joined(separator: ",") + "}"
                }
                let created = try await client.send(
                    "POST", "/v1/a", body: Array("[\(records.joined(separator: ","))]".utf8))
                #expect(created.status == 201, "round \(round): \(created.text)")
                // New fields go behind the system fields: the order of members is part of a record.
                let id = created.items[round]["id"]?.stringValue ?? ""
                #expect(try await client.patch("/v1/a/\(id)", ["later": .int(Int64(round))]).status == 200)
            }
            _ = try await client.post("/v1/b", ["when": "2025-01-08", "slug": "x"])
            let first = try await CommandRun.run("export", place.folder, "--out", place.path + "/one")
            #expect(first.status == 0, "\(first.errors)")
            #expect(try await server.end().status == 0)
            let other = place.path + "/other"
            _ = try await CommandRun.run("init", other)
            #expect(try await CommandRun.run("apply", other, place.path + "/one/tables.json").status == 0)
            for table in ["a", "b"] {
                let run = try await CommandRun.run(
                    "import", other, table, "\(place.path)/one/\(table).jsonl", "--batch", "37", "--json")
                #expect(run.status == 0, "\(run.errors)")
                #expect(try run.json["imported"] == (table == "a" ? 800 : 1))
            }
            #expect(try await CommandRun.run("export", other, "--out", place.path + "/two").status == 0)
            for file in ["a.jsonl", "b.jsonl", "tables.json"] {
                let one = FileManager.default.contents(atPath: "\(place.path)/one/\(file)")
                #expect(one != nil)
                #expect(one == FileManager.default.contents(atPath: "\(place.path)/two/\(file)"), "\(file)")
            }
            #expect(try CommandTests.mode(place.path + "/one/a.jsonl") == 0o600)
            let again = try await CommandRun.run("export", other, "--out", place.path + "/two")
            #expect(again.status == 73 && again.errors.contains("exists"))
            let lines = try await CommandRun.run("export", other, "b")
            #expect(Data(lines.output.utf8) == FileManager.default.contents(atPath: place.path + "/one/b.jsonl"))
        }
    }
}
