import BkendTesting
import BkendWire
import Testing

@testable import BkendServer

/// How large a record may become, whatever makes it so large.
@Suite struct RecordSizeTests {
    private static let limits: ServerLimits = {
        var limits = ServerLimits()
        limits.bodyBytes = 4_000
        limits.recordBytes = 10_000
        return limits
    }()

    private static func text(_ count: Int) -> JSON { .string(String(repeating: "x", count: count)) }

    @Test("Limits hold each other: a record takes a body, a page many bodies, all answers several pages")
    func limits() {
        var limits = ServerLimits()
        #expect(limits.largestRecord == 4 << 20 && limits.largestPage == 24 << 20 && limits.allAnswers == 256 << 20)
        #expect(limits.largestPage >= 20 * limits.bodyBytes)
        limits.recordBytes = 1_000
        #expect(limits.largestRecord == limits.bodyBytes)
        limits.bodyBytes = 8 << 20
        #expect(limits.largestRecord == 8 << 20 && limits.largestPage > 160 << 20 && limits.allAnswers > 640 << 20)
        limits.bodyBytes = 64 << 20
        #expect(limits.largestRecord == 16 << 20)
    }

    @Test("PATCH after PATCH grows a record up to the limit and not past it")
    func growth() async throws {
        try await withServer(tables: ["tables": [["name": "t"]]], configure: { $0.limits = Self.limits }) { server in
            let id = try await server.admin.post("/v1/t", ["n": 0]).id
            var answers: [Answer] = []
            for number in 0..<4 {
                answers.append(try await server.admin.patch("/v1/t/\(id)", ["f\(number)": Self.text(3_000)]))
            }
            #expect(answers.map(\.status) == [200, 200, 200, 413])
            #expect(answers[3].code == "common/payload-too-large")
            #expect(answers[3].rules == ["recordBytes"])
            #expect(answers[3].message.contains("at most 10000"))
            let stored = try await server.admin.get("/v1/t/\(id)")
            #expect(stored.json == answers[2].json)
            // Smaller it may be made, and then larger again.
            #expect(try await server.admin.patch("/v1/t/\(id)", ["f0": "", "f3": Self.text(3_000)]).status == 200)
        }
    }

    @Test("Defaults don't make a record larger either, and an array's records are refused together")
    func creates() async throws {
        let definition: JSON = [
            "tables": [
                ["name": "large", "schema": ["properties": ["d": ["type": "string", "default": Self.text(10_000)]]]],
                ["name": "many", "schema": ["properties": ["d": ["type": "string", "default": Self.text(9_000)]]]],
            ]
        ]
        let configure: (inout ServerSettings) -> Void = {
            $0.limits = Self.limits
            $0.limits.pageBytes = 0
        }
        try await withServer(tables: definition, configure: configure) { server in
            let one = try await server.admin.post("/v1/large", ["a": 1])
            #expect(one.status == 413 && one.fields == ["body"])
            let several = try await server.admin.post("/v1/large", [["d": ""], ["a": 1]])
            #expect(several.status == 413 && several.fields == ["[1]"])
            #expect(try await server.admin.get("/v1/large").items.isEmpty)
            // 20 bodies' worth of records.
            let fits = try await server.admin.post("/v1/many", .array(Array(repeating: [:], count: 10)))
            #expect(fits.items.count == 10)
            let many = try await server.admin.post("/v1/many", .array(Array(repeating: [:], count: 12)))
            #expect(many.status == 413 && many.rules == ["pageBytes"])
            #expect(try await server.admin.get("/v1/many?limit=1").json["pagination"]?["total"] == 10)
        }
    }

    @Test("A record from before the limit may be read, changed and made smaller, but doesn't grow")
    func fromBefore() async throws {
        try await RecordStore.with { records in
            try records.insert(1, bytes: 30_000)
            let routes = records.routes(Self.limits)
            func patch(_ body: JSON) async throws {
                _ = try await routes.update(RecordStore.id(1), in: "t", RecordStore.body(body))
            }
            let error = await #expect(throws: ErrorBody.self) { try await patch(["more": Self.text(10)]) }
            #expect(error?.code == .payloadTooLarge)
            #expect(try records.record(1)?["more"] == nil)
            try await patch(["text": Self.text(3_000), "more": Self.text(10)])
            #expect(try records.record(1)?["more"] == Self.text(10))
        }
    }

    @Test("An import rejects a record that is too large and stores the others")
    func imports() async throws {
        try await Workplace.with { place in
            try await place.apply([
                "tables": [
                    ["name": "a", "schema": ["properties": ["d": ["type": "string", "default": Self.text(2_000)]]]]
                ]
            ])
            let lines = [
                #"{"id":"a","d":""}"#, #"{"id":"b","d":"\#(String(repeating: "x", count: 2_000))"}"#, #"{"id":"c"}"#,
                #"{"id":"e","d":"y"}"#,
            ]
            let file = try place.file("a.jsonl", lines.joined(separator: "\n").utf8)
            let run = try await place.json(
                ["import"], "a", file, "--record-limit", "1K", "--fill-defaults", "--rejects", place.path + "/r",
                status: 1)
            #expect(run["imported"] == 2 && run["rejected"] == 2)
            let refused = try await CommandRun.run("import", place.folder, "a", file, "--record-limit", "17M")
            #expect(refused.status == 64 && refused.errors.contains("16M"))
        }
    }

    @Test("serve refuses limits that contradict each other")
    func options() async throws {
        for (options, word) in [
            (["--record-limit", "1K"], "--record-limit"), (["--record-limit", "17M"], "--record-limit"),
            (["--page-limit", "19M"], "--page-limit"), (["--body-limit", "2M", "--page-limit", "24M"], "--page-limit"),
            (["--answer-memory", "80M"], "--answer-memory"),
        ] {
            let run = try await CommandRun.run(["serve", "/nowhere"] + options)
            #expect(run.status == 64 && run.errors.contains("\(word) is at least"), "\(run.errors)")
        }
        // As far as the folder: the limits are taken.
        let run = try await CommandRun.run("serve", "/nowhere", "--body-limit", "32M")
        #expect(run.status == 66, "\(run.errors)")
    }
}
