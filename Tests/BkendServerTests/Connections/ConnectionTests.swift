import BkendTesting
import BkendWire
import Testing

@testable import BkendServer

/// How one connection is treated, over real sockets: how long it lives, what may follow a request, what is refused.
@Suite struct ConnectionTests {
    static let tables: JSON = ["tables": [["name": "t", "permissions": ["guest": ["create": true, "list": true]]]]]

    /// The statuses that a connection gets for some bytes, and whether the server then closes it.
    private func exchange(_ text: String, port: Int, answers: Int) async throws -> (statuses: [Int?], isClosed: Bool) {
        try await blocking {
            let connection = try RawConnection(port: port)
            try connection.send(text)
            let statuses = try (0..<answers).map { _ in try connection.answer()?.status }
            // A request that is answered shows that the connection is open: nothing has to be waited for.
            try? connection.send("GET /health HTTP/1.1\r\nHost: x\r\n\r\n")
            return (statuses, ((try? connection.answer()) ?? nil) == nil)
        }
    }

    @Test("A connection ends after the answer when the request says so, in any case, or is of HTTP/1.0")
    func persistence() async throws {
        try await withServer { server in
            let port = TestClient(server.url).port
            for (version, connection, ends) in [
                ("1.1", "close", true), ("1.1", "Close", true), ("1.1", "keep-alive, Close", true),
                ("1.1", "Upgrade, HTTP2-Settings\r\nUpgrade: h2c", true), ("1.1", "keep-alive", false),
                ("1.0", "", true), ("1.0", "close", true), ("1.0", "Keep-Alive", false),
            ] {
                let field = connection.isEmpty ? "" : "Connection: \(connection)\r\n"
                let text = "GET /health HTTP/\(version)\r\nHost: x\r\n\(field)\r\n"
                let (statuses, isClosed) = try await exchange(text, port: port, answers: 1)
                #expect(statuses == [200])
                #expect(isClosed == ends, "HTTP/\(version) \(connection)")
            }
        }
    }

    @Test("The answer says whether the connection ends; after the last one nothing is done")
    func lastAnswer() async throws {
        try await withServer(tables: Self.tables) { server in
            let client = server.guest
            let last = Array("GET /health HTTP/1.1\r\nHost: x\r\nConnection: Close\r\n\r\n".utf8)
            let write = client.request("POST", "/v1/t", body: Array(#"{"a":1}"#.utf8))
            let (answer, rest) = try await blocking {
                let connection = try RawConnection(port: client.port)
                try connection.send(last + write)
                return (try connection.answer(), try connection.readToEnd())
            }
            #expect(answer?.headers["connection"] == "close")
            #expect(rest.isEmpty)
            #expect(try await client.get("/v1/t").items.isEmpty)
        }
    }

    @Test("HTTP/1.1 without Host, with two, and a Host that is none are 400, and end the connection")
    func hosts() async throws {
        try await withServer { server in
            let port = TestClient(server.url).port
            for fields in ["", "Host: a\r\nHost: a\r\n", "Host: a b\r\n", "Host: a\r\nhost: b\r\n"] {
                for target in ["/health", "http://a/health"] {
                    let text = "GET \(target) HTTP/1.1\r\n\(fields)\r\n"
                    let (statuses, isClosed) = try await exchange(text, port: port, answers: 1)
                    #expect(statuses == [400] && isClosed, "\(fields)")
                }
            }
            let absolute = "GET http://a.example/health HTTP/1.1\r\nHost: a.example\r\n\r\n"
            #expect(try await exchange(absolute, port: port, answers: 1).statuses == [200])
        }
    }

    @Test("A client of HTTP/1.0 is never told to go on, and one that pipelines only when its turn comes")
    func expectContinue() async throws {
        try await withServer(tables: Self.tables) { server in
            let client = server.guest
            let body = #"{"a":1}"#
            let fields =
                "Host: x\r\nX-API-Key: \(server.publishableKey)\r\nExpect: 100-continue\r\nContent-Length: 7\r\n"
            let old = "POST /v1/t HTTP/1.0\r\n\(fields)\r\n\(body)"
            #expect(try await exchange(old, port: client.port, answers: 1).statuses == [201])
            let list = String(decoding: client.request("GET", "/v1/t"), as: UTF8.self)
            let piped = "\(list)POST /v1/t HTTP/1.1\r\n\(fields)\r\n\(body)"
            #expect(try await exchange(piped, port: client.port, answers: 3).statuses == [200, 100, 201])
            // The client may send the body all the same, or not: the connection can't tell.
            let large = fields.replacing("Content-Length: 7", with: "Content-Length: 9000000")
            let refused = try await exchange("POST /v1/t HTTP/1.1\r\n\(large)\r\n", port: client.port, answers: 1)
            #expect(refused.statuses == [413] && refused.isClosed)
        }
    }

    @Test(
        "A request that could be read as two is refused, and ends the connection",
        arguments: [
            "Content-Length: 7\r\nContent-Length: 7", "Content-Length: 7, 7", "Content-Length : 7",
            "Content-Length: 4\r\nTransfer-Encoding: chunked",
            "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked",
            "Transfer-Encoding: chunked, gzip", "Transfer-Encoding: identity", "Content-Length: 7\r\nX-A: a\r\n b",
            "Content-Length: 0x7", "Transfer-Encoding: chunked\nContent-Length: 7",
        ])
    func smuggling(fields: String) async throws {
        try await withServer(tables: Self.tables) { server in
            let key = "Host: x\r\nX-API-Key: \(server.publishableKey)\r\n"
            let text = "POST /v1/t HTTP/1.1\r\n\(key)\(fields)\r\n\r\n7\r\n{\"a\":1}\r\n0\r\n\r\n"
            let (statuses, isClosed) = try await exchange(text, port: server.guest.port, answers: 1)
            #expect(statuses == [400] && isClosed)
            #expect(try await server.guest.get("/v1/t").items.isEmpty)
        }
    }

    @Test("A client that resets, leaves or closes its side within a body writes nothing and counts as no failure")
    func brokenBodies() async throws {
        let log = LogLines()
        let server = try await TestServer.start(tables: Self.tables) {
            $0.adminPort = 0
            $0.limits.requestSeconds = 1
            $0.logger = log.logger(.warning)
        }
        let metrics = TestClient(try #require(server.adminURL))
        let client = server.guest
        // What came is sound JSON, and not all that was promised.
        let half = client.request("POST", "/v1/t", ["Content-Length": "100"]) + Array(#"{"a":1}"#.utf8)
        try await blocking {
            let reset = try RawConnection(port: client.port)
            try reset.send(half)
            reset.resetAtClose()
        }
        try await blocking {
            let left = try RawConnection(port: client.port)
            try left.send(half)
        }
        let refused = try await blocking {
            let finished = try RawConnection(port: client.port)
            try finished.send(half)
            finished.finish()
            return try finished.answer()
        }
        #expect(refused?.status == 400)
        _ = try await blocking {
            let late = try RawConnection(port: client.port)
            try late.send(half)
            return try late.readToEnd()
        }
        let line = #"bkend_requests_total{route="/v1/data/:table",method="POST",status="499"} 4"#
        var text = ""
        while !text.contains(line) { text = try await metrics.get("/metrics").text }
        #expect(!text.contains(#"status="5"#))
        #expect(text.contains(#"bkend_connections_closed_total{reason="request"} 1"#))
        #expect(try await client.get("/v1/t").items.isEmpty)
        try await server.stop()
        #expect(log.all.isEmpty)
    }

    @Test("A client that closes its side after its request gets the whole answer")
    func halfClosed() async throws {
        try await withServer(tables: Self.tables) { server in
            let client = server.admin
            let text = JSON.string(String(repeating: "a", count: 900_000))
            for _ in 0..<6 { _ = try await client.post("/v1/t", ["s": text]) }
            let request = client.request("GET", "/v1/t")
            let answer = try await blocking {
                let connection = try RawConnection(port: client.port, window: 4_096)
                try connection.send(request)
                connection.finish()
                return try connection.answer()
            }
            #expect(answer?.items.count == 6)
        }
    }

    @Test("As many requests as a client likes may be sent ahead; each is answered, in order")
    func pipelining() async throws {
        try await withServer(tables: Self.tables) { server in
            let client = server.guest
            let paths = ["/v1/t", "/health", "/v1/nothing"]
            let requests = paths.map { client.request("GET", $0) }
            let create = client.request("POST", "/v1/t", body: Array(#"{"a":1}"#.utf8))
            let statuses = try await blocking {
                let connection = try RawConnection(port: client.port)
                for _ in 0..<40 { try connection.send(Array(requests.joined()) + create) }
                return try (0..<160).map { _ in try connection.answer()?.status }
            }
            for start in stride(from: 0, to: 160, by: 4) {
                #expect(statuses[start..<(start + 4)] == [200, 200, 404, 201])
            }
        }
    }
}
