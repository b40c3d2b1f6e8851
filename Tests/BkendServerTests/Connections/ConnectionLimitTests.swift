import BkendTesting
import BkendWire
import Testing

@testable import BkendServer

/// What clients together, one address, and one client behind a proxy may hold, over real sockets.
@Suite struct ConnectionLimitTests {
    /// A table whose list is far larger than what the kernel takes for a client that reads nothing.
    private static func fill(_ server: TestServer) async throws {
        let text = JSON.string(String(repeating: "a", count: 900_000))
        for _ in 0..<6 { _ = try await server.admin.post("/v1/t", ["s": text]) }
    }

    /// A connection from an address, with a request in flight: the server has said "go on", and waits for the body.
    private static func busy(_ client: TestClient, from host: UInt32, _ more: [String: String] = [:]) throws
        -> RawConnection
    {
        let connection = try RawConnection(port: client.port, from: host)
        let fields = more.merging(["Expect": "100-continue", "Content-Length": "7"]) { $1 }
        try connection.send(client.request("POST", "/v1/t", fields))
        guard try connection.answer()?.status == 100 else { throw RawConnection.Failure(what: "not taken") }
        return connection
    }

    private static func ask(_ client: TestClient, _ path: String, from host: UInt32, _ more: [String: String] = [:])
        throws -> Answer?
    {
        let connection = try RawConnection(port: client.port, from: host)
        // A connection that is closed at once may be so before the request is sent.
        try? connection.send(client.request("GET", path, more))
        return try? connection.answer()
    }

    @Test("An answer that nobody takes ends its connection, however many requests stand behind it")
    func stalledAnswers() async throws {
        let server = try await TestServer.start(tables: ConnectionTests.tables) {
            $0.limits.progressSeconds = 1
            $0.adminPort = 0
        }
        try await Self.fill(server)
        let client = server.guest
        let request = client.request("GET", "/v1/t")
        try await blocking {
            let connections = try (0..<4).map { _ in try RawConnection(port: client.port, window: 4_096) }
            for connection in connections {
                for _ in 0..<100 { try connection.send(request) }
            }
            for connection in connections { connection.waitForReset() }
        }
        let metrics = try await TestClient(try #require(server.adminURL)).get("/metrics").text
        #expect(metrics.contains(#"bkend_connections_closed_total{reason="answer"} 4"#))
        #expect(try await client.get("/v1/t").status == 200)
        try await server.stop()
    }

    @Test("The idle time-out doesn't touch an answer that is still being taken")
    func slowReader() async throws {
        try await withServer(tables: ConnectionTests.tables) {
            $0.limits.idleSeconds = 1
        } _: { server in
            try await Self.fill(server)
            let client = server.guest
            let request = client.request("GET", "/v1/t")
            let answer = try await blocking {
                let slow = try RawConnection(port: client.port, window: 4_096)
                try slow.send(request)
                // Each of these lives for as long as the idle time-out.
                for _ in 0..<2 { _ = try RawConnection(port: client.port).readToEnd() }
                return try slow.answer()
            }
            #expect(answer?.items.count == 6)
        }
    }

    @Test("A stopping server doesn't wait for who takes nothing, whatever its limits")
    func stopping() async throws {
        let server = try await TestServer.start(tables: ConnectionTests.tables) {
            $0.limits.progressSeconds = 100_000
            $0.limits.requestSeconds = 100_000
            $0.limits.shutdownSeconds = 100_000
        }
        try await Self.fill(server)
        let client = server.guest
        let request = client.request("GET", "/v1/t")
        let held = try await blocking {
            let stalled = try RawConnection(port: client.port, window: 4_096)
            for _ in 0..<100 { try stalled.send(request) }
            guard try stalled.hasAnswer(within: 60) else { throw RawConnection.Failure(what: "no answer") }
            return Held([stalled, try Self.busy(client, from: 1)])
        }
        try await server.stop()
        #expect(held.connections.count == 2)
    }

    @Test("One address has its connections; past them it is told so at once, and others don't notice")
    func perAddress() async throws {
        try await withServer(tables: ConnectionTests.tables) {
            $0.limits.connectionsPerAddress = 2
        } _: { server in
            let client = server.guest
            try await blocking {
                var held = try [Self.busy(client, from: 2), Self.busy(client, from: 2)]
                let refused = try Self.ask(client, "/v1/t", from: 2)
                #expect(refused?.status == 429 && refused?.code == "common/too-many-connections")
                #expect(refused?.headers["retry-after"] == "1" && refused?.headers["connection"] == "close")
                #expect(try Self.ask(client, "/health", from: 2)?.status == 200)
                #expect(try Self.ask(client, "/v1/t", from: 3)?.status == 200)
                // Even of refusals an address has only so many at once.
                let more = try (0..<20).map { _ in try RawConnection(port: client.port, from: 2) }
                #expect(try more[19].readToEnd().isEmpty)
                held.removeAll()
                while try Self.ask(client, "/v1/t", from: 2)?.status != 200 {}
            }
        }
    }

    @Test("At the limit a newcomer takes the place of who has no request; with none it is refused, /health is not")
    func displacing() async throws {
        try await withServer(tables: ConnectionTests.tables) {
            $0.limits.connections = 2
        } _: { server in
            let client = server.guest
            let request = client.request("GET", "/v1/t")
            try await blocking {
                let idle = try RawConnection(port: client.port, from: 2)
                try idle.send(request)
                #expect(try idle.answer()?.status == 200)
                let first = try Self.busy(client, from: 3)
                let second = try Self.busy(client, from: 4)
                #expect(try idle.readToEnd().isEmpty)
                let refused = try Self.ask(client, "/v1/t", from: 5)
                #expect(refused?.status == 503 && refused?.headers["retry-after"] == "1")
                #expect(refused?.code == "common/service-unavailable")
                #expect(try Self.ask(client, "/health", from: 5)?.status == 200)
                for connection in [first, second] {
                    try connection.send(#"{"a":1}"#)
                    #expect(try connection.answer()?.status == 201)
                }
                #expect(try Self.ask(client, "/v1/t", from: 5)?.status == 200)
            }
        }
    }

    @Test("A proxy has as many connections as it likes; behind it each client has its requests in flight")
    func proxies() async throws {
        let server = try await TestServer.start(tables: ConnectionTests.tables) {
            $0.limits.connectionsPerAddress = 1
            $0.trustedProxies = TrustedProxies([AddressRange("127.0.0.2")].compactMap { $0 })
        }
        let client = server.guest
        try await blocking {
            let first = try Self.busy(client, from: 2, ["X-Forwarded-For": "10.0.0.1"])
            let other = try Self.busy(client, from: 2, ["X-Forwarded-For": "10.0.0.2"])
            let refused = try Self.ask(client, "/v1/t", from: 2, ["X-Forwarded-For": "10.0.0.1"])
            #expect(refused?.status == 429 && refused?.code == "common/too-many-connections")
            #expect(refused?.headers["retry-after"] == "1" && refused?.headers["x-request-id"] != nil)
            #expect(try Self.ask(client, "/v1/t", from: 2, ["X-Forwarded-For": "10.0.0.3"])?.status == 200)
            #expect(try Self.ask(client, "/v1/t", from: 2)?.status == 200)
            for connection in [first, other] {
                try connection.send(#"{"a":1}"#)
                #expect(try connection.answer()?.status == 201)
            }
            #expect(try Self.ask(client, "/v1/t", from: 2, ["X-Forwarded-For": "10.0.0.1"])?.status == 200)
            // Who is no proxy has connections, not requests, and its word counts for nothing.
            let direct = try Self.busy(client, from: 3, ["X-Forwarded-For": "10.0.0.9"])
            #expect(try Self.ask(client, "/v1/t", from: 3)?.status == 429)
            try direct.send(#"{"a":1}"#)
            #expect(try direct.answer()?.status == 201)
        }
        try await server.stop()
    }

    @Test("The admin port has the same guards")
    func adminPort() async throws {
        let server = try await TestServer.start {
            $0.adminPort = 0
            $0.limits.idleSeconds = 1
        }
        let port = TestClient(try #require(server.adminURL)).port
        let answers = try await blocking {
            try ["", "Host: x\r\nConnection: Close\r\n"].map { fields in
                let connection = try RawConnection(port: port)
                try connection.send("GET /health HTTP/1.1\r\n\(fields)\r\n")
                let status = try connection.answer()?.status
                return (status, try connection.readToEnd().isEmpty)
            }
        }
        #expect(answers.map(\.0) == [400, 200])
        #expect(answers.allSatisfy { $0.1 })
        #expect(try await blocking { try RawConnection(port: port).readToEnd().isEmpty })
        try await server.stop()
    }

    /// Connections that are kept open, and touched by one thread at a time.
    private final class Held: @unchecked Sendable {  // nothing changes it after it is made
        let connections: [RawConnection]

        init(_ connections: [RawConnection]) { self.connections = connections }
    }
}
