import Bkend
import Testing

/// The client over its own transport and a real socket.
@Suite("Over a socket")
struct LoopbackTests {
    @Test("a create and a read reach the server as HTTP, and what it answers comes back")
    func roundTrip() async throws {
        let server = try LoopbackServer { request in
            LoopbackServer.response(request.hasPrefix("POST") ? "201 Created" : "200 OK", recordText("a"))
        }
        defer { server.stop() }
        let client = try BkendClient(url: server.url, key: testKey, options: quietOptions())
        let books = client.table(Book.self)
        #expect(try await books.create(Book(title: "Dune")).id == "a")
        #expect(try await books.get("a/b").title == "Dune")
        let heads = server.received.map { $0.prefix { $0 != "\r\n" } }
        #expect(heads == ["POST /v1/data/books HTTP/1.1", "GET /v1/data/books/a%2Fb HTTP/1.1"])
        #expect(server.received[0].lowercased().contains("x-api-key: \(testKey)"))
        #expect(server.received[0].hasSuffix(#"{"title":"Dune","tags":[],"editors":[],"status":"draft","sizes":{}}"#))
        await client.shutdown()
        await client.shutdown()
        let late = await failure { () async throws(BkendError) in try await books.get("a") }
        #expect(late?.description.contains("shut down") == true)
    }

    @Test("a portal's page is no success, and a redirect is not followed with the key")
    func portal() async throws {
        let server = try LoopbackServer { request in
            request.hasPrefix("POST")
                ? LoopbackServer.response("200 OK", type: "text/html", "<html>Sign in</html>")
                : "HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
        }
        defer { server.stop() }
        let client = try BkendClient(url: server.url, key: testKey, options: quietOptions())
        let books = client.table(Book.self)
        let create = await failure { () async throws(BkendError) in try await books.create(Book(title: "x")) }
        guard case .foreignAnswer(200, "text/html", _)? = create?.reason else {
            Issue.record("expected a foreign answer, not \(String(describing: create))")
            return
        }
        #expect(create?.mayHaveBeenApplied == true)
        let get = await failure { () async throws(BkendError) in try await books.get("a") }
        #expect(get?.description.contains("redirects are never followed") == true)
        #expect(server.received.count == 2)
        await client.shutdown()
    }

    @Test("cancelling a write that has left says that it may have been done")
    func cancellation() async throws {
        let (arrived, arrival) = AsyncStream.makeStream(of: Void.self)
        let server = try LoopbackServer { _ in
            arrival.yield()
            return nil
        }
        defer { server.stop() }
        let client = try BkendClient(url: server.url, key: testKey, options: quietOptions())
        let write = Task {
            await failure { () async throws(BkendError) in try await client.table("a").create(["n": 1]) }
        }
        for await _ in arrived { break }
        write.cancel()
        let error = await write.value
        #expect(error?.isCancelled == true)
        #expect(error?.mayHaveBeenApplied == true)
        #expect(server.received.count == 1)
        await client.shutdown()
    }

    @Test("a deadline ends a call that the server leaves open")
    func deadline() async throws {
        let server = try LoopbackServer { _ in nil }
        defer { server.stop() }
        let client = try BkendClient(url: server.url, key: testKey, options: quietOptions())
        let error = await failure { () async throws(BkendError) in
            try await client.table("a").get("b", options: CallOptions(deadline: .milliseconds(200)))
        }
        guard case .transport(let reason)? = error?.reason else {
            Issue.record("expected a transport error, not \(String(describing: error))")
            return
        }
        #expect(reason.kind == .totalTimedOut)
        await client.shutdown()
    }
}
