import BkendAccounts
import BkendTesting
import BkendWire
import Testing

@testable import BkendServer

/// Clients that ask for much and read nothing.
@Suite struct UnreadAnswerTests {
    @Test("Ten unread lists of a hundred records of a mebibyte take no more than their share; others are served")
    func tenLists() async throws {
        try await RecordStore.with { records in
            for number in 0..<30 { try records.insert(number, bytes: 1 << 20) }
            let server = try await TestServer.start(folder: records.folder) {
                $0.adminPort = 0
                $0.accessTokens = PlainTokens()
                // As little as a server can be given: four pages of 24 MiB.
                $0.limits.answerBytes = 0
                // On a busy machine the pages take their time.
                $0.limits.queryMilliseconds = 60_000
            }
            let client = TestClient(server.url, key: try records.key, token: "ada:admin")
            let metrics = TestClient(try #require(server.adminURL))
            func metric(_ name: String) async throws -> Int? {
                let lines = try await metrics.get("/metrics").text.split(separator: "\n")
                return lines.first { $0.hasPrefix(name + " ") }.flatMap { Int($0.dropFirst(name.utf8.count + 1)) }
            }
            let limit = try #require(try await metric("bkend_answer_bytes_limit"))
            #expect(limit == 96 << 20)
            // What was asked before pages had a limit.
            #expect(try await client.get("/v1/t?limit=100").code == "data/page-too-large")
            #expect(try await metric("bkend_answer_bytes") == 0)

            // The largest that is answered, more than the sockets' buffers hold.
            let request = client.request("GET", "/v1/t?limit=16")
            let port = client.port
            let held = try await blocking {
                let connections = try (0..<10).map { _ in try RawConnection(port: port) }
                for connection in connections { try connection.send(request) }
                for connection in connections { _ = try connection.hasAnswer(within: 60) }
                return Unread(connections: connections)
            }
            let used = try #require(try await metric("bkend_answer_bytes"))
            #expect(used > 16 << 20 && used <= limit / 2, "\(used)")
            let refused = try #require(try await metric("bkend_answers_refused_total"))
            #expect((5...8).contains(refused), "\(refused)")
            // Small answers are served as ever.
            #expect(try await client.get("/v1/t?limit=16&select=id").items.count == 16)
            #expect(try await client.post("/v1/t", ["a": 1]).status == 201)

            // Those that are read are whole; the others were told when to come again.
            let answers = try await blocking { try held.read() }
            #expect(answers.count { $0.status == 200 } == 10 - refused)
            for answer in answers {
                if answer.status == 200 {
                    #expect(answer.items.count == 16)
                } else {
                    #expect(answer.status == 503 && answer.code == "common/service-unavailable")
                    #expect(answer.headers["retry-after"] == "1")
                }
            }
            while try await metric("bkend_answer_bytes") != 0 { await Task.yield() }
            try await server.stop()
        }
    }

    @Test("What clients that go away have not read is given back")
    func gone() async throws {
        try await RecordStore.with { records in
            for number in 0..<16 { try records.insert(number, bytes: 1 << 20) }
            let server = try await TestServer.start(folder: records.folder) {
                $0.adminPort = 0
                $0.accessTokens = PlainTokens()
            }
            let client = TestClient(server.url, key: try records.key, token: "ada:admin")
            let metrics = TestClient(try #require(server.adminURL))
            let request = client.request("GET", "/v1/t?limit=16")
            let port = client.port
            try await blocking {
                let connection = try RawConnection(port: port)
                try connection.send(request)
                _ = try connection.hasAnswer(within: 60)
            }
            while try await !metrics.get("/metrics").text.contains("\nbkend_answer_bytes 0\n") { await Task.yield() }
            try await server.stop()
        }
    }

    @Test("A write whose answer there is no room for changes nothing")
    func writes() async throws {
        try await RecordStore.with { records in
            try records.insert(1, bytes: 100_000)
            let budget = AnswerBudget(bytes: 1 << 20)
            let routes = records.routes(answers: budget)
            func patch(_ body: JSON) async throws -> RouteAnswer {
                return try await routes.update(RecordStore.id(1), in: "t", RecordStore.body(body))
            }
            let held = try AnswerBody([UInt8](repeating: 1, count: 400_000), on: AnswerAccount(budget, client: nil))
            let error = await #expect(throws: TooManyRequests.self) { try await patch(["a": 1]) }
            #expect(error?.body.status == 503)
            #expect(try records.record(1)?["a"] == nil)
            // Written small, it is answered.
            #expect(try await patch(["a": 1, "text": ""]).status == .ok)
            #expect(held.count == 400_000)
        }
    }

    /// Connections whose answers wait. They are used by one thread after the other.
    private struct Unread: @unchecked Sendable {  // each use ends before the next begins
        let connections: [RawConnection]

        func read() throws -> [Answer] { try connections.compactMap { try $0.answer() } }
    }
}
