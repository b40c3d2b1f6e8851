import BkendDocuments
import BkendTesting
import BkendWire
import Foundation
import Testing

@testable import BkendServer

/// Requests whose clients don't wait for the answer: none of them is worked on for longer than it takes to notice.
@Suite struct AbandonedRequestTests {
    static let tables: JSON = ["tables": [["name": "t"]]]
    /// Takes minutes over the records of `withSlowRecords`, each match being within its own limit.
    static let slow = #"{"s":{"$regex":"^(a+)+$"}}"#

    /// A server whose every slow read takes minutes, unless it is stopped, and that runs one at a time.
    static func withSlowRecords(
        _ configure: @escaping (inout ServerConfiguration) -> Void = { _ in },
        _ body: (TestServer, Metrics) async throws -> Void
    ) async throws {
        try await ServerPlaces.gate.pass {
            let server = try await TestServer.start(tables: tables) {
                $0.adminPort = 0
                $0.accessTokens = PlainTokens()
                $0.limits.slowReads = 1
                $0.limits.queryMilliseconds = 600_000
                configure(&$0)
            }
            do {
                let texts = JSON.array(Array(repeating: .string(String(repeating: "a", count: 17) + "!"), count: 40))
                let records = JSON.array((0..<1_000).map { ["n": .int(Int64($0)), "s": texts] })
                #expect(try await server.admin.post("/v1/t", records).status == 201)
                try await body(server, try Metrics(server))
            } catch {
                try? await server.stop()
                throw error
            }
            try await server.stop()
        }
    }

    /// What the admin port tells.
    struct Metrics {
        let client: TestClient

        init(_ server: TestServer) throws { client = TestClient(try #require(server.adminURL)) }

        func value(_ series: String) async throws -> Int {
            let line = try await client.get("/metrics").text.split(separator: "\n").first { $0.hasPrefix(series + " ") }
            return Int(line?.split(separator: " ").last ?? "") ?? -1
        }

        func until(_ series: String, _ value: Int) async throws {
            while try await self.value(series) != value { await Task.yield() }
        }
    }

    private static func connections(_ client: TestClient, _ request: [UInt8], count: Int) async throws -> Connections {
        let port = client.port
        return try await blocking {
            let connections = try (0..<count).map { _ in try RawConnection(port: port) }
            for connection in connections { try connection.send(request) }
            return Connections(all: connections)
        }
    }

    /// Connections that close when the last reference goes.
    private final class Connections: @unchecked Sendable {  // handed from one thread to the next, never used by two
        let all: [RawConnection]
        init(all: [RawConnection]) { self.all = all }
    }

    private static func request(_ client: TestClient, _ filter: String) -> [UInt8] {
        client.request("GET", "/v1/t?" + QueryItem.encode([QueryItem("andFilters", filter)]))
    }

    @Test("Slow lists that their clients abandon make room for who still waits")
    func lists() async throws {
        try await Self.withSlowRecords { server, metrics in
            var abandoned: Connections? = try await Self.connections(
                server.guest, Self.request(server.guest, Self.slow), count: 24)
            try await metrics.until(#"bkend_queue_length{queue="reads"}"#, 23)
            _ = abandoned
            abandoned = nil
            let answer = try await server.guest.list("/v1/t", [("andFilters", #"{"n":7,"s":{"$regex":"!"}}"#)])
            #expect(answer.items.map { $0["n"] } == [7])
            // Some may have had their turn just as their client went, and were stopped then.
            #expect(try await metrics.value(#"bkend_queue_abandoned_total{queue="reads"}"#) > 0)
            #expect(try await metrics.value(#"bkend_queue_length{queue="reads"}"#) == 0)
            // Neither an answer nor a failure.
            try await metrics.until(
                #"bkend_requests_total{route="/v1/data/:table",method="GET",status="499"}"#, 24)
        }
    }

    @Test("A client that closes its sending side and has to wait is told so, and never with a status of no HTTP")
    func halfClosed() async throws {
        try await Self.withSlowRecords { server, metrics in
            let (port, request) = (server.guest.port, Self.request(server.guest, Self.slow))
            let answer = try await blocking {
                let connection = try RawConnection(port: port)
                try connection.send(request)
                connection.finish()
                return try connection.answer()
            }
            #expect(answer?.status == 503 && answer?.code == "common/service-unavailable")
            try await metrics.until(#"bkend_requests_total{route="/v1/data/:table",method="GET",status="499"}"#, 1)
        }
    }

    @Test("A client's full share is a 429, a full line a 503, both with the time to wait")
    func refusals() async throws {
        for (waiting, perClient, status) in [(10, 1, 429), (1, 10, 503)] {
            try await Self.withSlowRecords {
                $0.limits.waitingReads = waiting
                $0.limits.waitingReadsPerClient = perClient
            } _: { server, metrics in
                let held = try await Self.connections(server.guest, Self.request(server.guest, Self.slow), count: 2)
                try await metrics.until(#"bkend_queue_length{queue="reads"}"#, 1)
                let answer = try await server.guest.list("/v1/t", [("andFilters", #"{"s":{"$regex":"!"}}"#)])
                #expect(answer.status == status)
                #expect(answer.code == (status == 429 ? "data/rate-limit-exceeded" : "common/service-unavailable"))
                #expect(answer.headers["retry-after"] == "2")
                #expect(answer.message.contains("try again in 2 s"))
                // What needs no wait is answered all the same.
                #expect(try await server.guest.list("/v1/t", [("limit", "1")]).status == 200)
                let share = status == 429 ? "client" : "all"
                #expect(
                    try await metrics.value(#"bkend_queue_refused_total{queue="reads",share="\#(share)"}"#) == 1)
                withExtendedLifetime(held) {}
            }
        }
    }

    @Test("Large bodies, queries and records are worked on in the line of slow reads, and others don't wait for them")
    func largeRequests() async throws {
        try await Self.withSlowRecords { server, metrics in
            let (guest, admin) = (server.guest, server.admin)
            let large = String(repeating: "x", count: 20_000)
            let record = try await admin.post("/v1/t", ["a": .string(large + large + large + large)]).id
            let values = (0..<700).map { "\"\($0)\"" }.joined(separator: ",")
            let requests = [
                admin.request("POST", "/v1/t", body: Array(#"{"a":"\#(large)"}"#.utf8)),
                admin.request("PATCH", "/v1/t/\(record)", body: Array(#"{"b":1}"#.utf8)),
                guest.request("POST", "/v1/auth/email/signin", body: Array(#"{"email":"\#(large)"}"#.utf8)),
                Self.request(guest, #"{"n":{"$in":[\#(values)]}}"#),
            ]
            let slow = try await Self.connections(guest, Self.request(guest, Self.slow), count: 2)
            try await metrics.until(#"bkend_queue_length{queue="reads"}"#, 1)
            var waiting: [Connections] = []
            for (number, request) in requests.enumerated() {
                waiting.append(try await Self.connections(guest, request, count: 1))
                try await metrics.until(#"bkend_queue_length{queue="reads"}"#, number + 2)
            }
            #expect(try await admin.post("/v1/t", ["a": 1]).status == 201)
            #expect(try await admin.get("/v1/t/\(record)").status == 200)
            #expect(try await guest.list("/v1/t", [("limit", "1")]).status == 200)
            // Who goes is out of the line, and nothing was done.
            waiting = []
            try await metrics.until(#"bkend_queue_length{queue="reads"}"#, 1)
            #expect(try await admin.get("/v1/t/\(record)").json["b"] == nil)
            withExtendedLifetime(slow) {}
        }
    }

    @Test("Writes that are abandoned before their turn are not made")
    func writes() async throws {
        try await ServerPlaces.gate.pass {
            let server = try await TestServer.start(tables: Self.tables) { $0.adminPort = 0 }
            let metrics = try Metrics(server)
            let path = server.folder + "/environments/default/dev.sqlite"
            let (locked, isLocked) = AsyncStream.makeStream(of: Void.self)
            let release = DispatchSemaphore(value: 0)
            async let holder: Void = blocking {
                try FileLock(database: path).withLock {
                    isLocked.finish()
                    release.wait()
                }
            }
            for await _ in locked {}
            let request = server.admin.request("POST", "/v1/t", body: Array(#"{"a":1}"#.utf8))
            var abandoned: Connections? = try await Self.connections(server.admin, request, count: 10)
            try await metrics.until(#"bkend_queue_length{queue="writes"}"#, 10)
            _ = abandoned
            abandoned = nil
            try await metrics.until(#"bkend_queue_abandoned_total{queue="writes"}"#, 10)
            release.signal()
            try await holder
            try await metrics.until(#"bkend_requests_in_flight"#, 0)
            #expect(try await server.admin.list("/v1/t", [("limit", "1")]).json["pagination"]?["total"] == 0)
            try await server.stop()
        }
    }

    @Test("Sign-ins that are abandoned are dropped from the line, in all environments")
    func signIns() async throws {
        try await ServerPlaces.gate.pass {
            let server = try await TestServer.start {
                $0.adminPort = 0
                // Dear enough that the others come while the first are computed.
                $0.scryptCost = 16
                $0.accountLimits.signInPerClientAndAddress = nil
                $0.limits.waitingHashesPerClient = 20
            }
            let metrics = try Metrics(server)
            let body = #"{"method":"password","email":"a@example.com","password":"wrong-1"}"#
            let request = server.guest.request("POST", "/v1/auth/email/signin", body: Array(body.utf8))
            var abandoned: Connections? = try await Self.connections(server.guest, request, count: 20)
            while try await metrics.value(#"bkend_queue_length{queue="hashing"}"#) < 10 { await Task.yield() }
            _ = abandoned
            abandoned = nil
            try await metrics.until(#"bkend_queue_length{queue="hashing"}"#, 0)
            #expect(try await metrics.value(#"bkend_queue_abandoned_total{queue="hashing"}"#) >= 8)
            try await server.stop()
        }
    }
}
