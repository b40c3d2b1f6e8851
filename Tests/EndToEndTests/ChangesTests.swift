import Bkend
import BkendCurl
import BkendTesting
import BkendTransport
import BkendWire
import Foundation
import HTTPTypes
import Testing

@testable import BkendServer

/// The client's `changes()` against the server's change feed.
@Suite(.timeLimit(.minutes(10))) struct ChangesTests {
    private static let tables: JSON = [
        "tables": [
            ["name": "notes", "permissions": ["guest": ["list": true], "user": ["list": true, "create": true]]]
        ]
    ]

    private func client(_ server: TestServer, key: String? = nil, sessions: (any SessionStore)? = nil) throws
        -> BkendClient
    {
        try BkendClient(
            url: server.url, key: key ?? server.secretKey, options: .silent,
            sessions: sessions ?? InMemorySessionStore())
    }

    private func withServer(
        folder: String? = nil, configure: (inout ServerConfiguration) -> Void = { _ in },
        _ body: (TestServer) async throws -> Void
    ) async throws {
        let server = try await TestServer.start(folder: folder, tables: Self.tables) {
            $0.limits.changesMilliseconds = 60_000
            $0.limits.queryMilliseconds = 60_000
            configure(&$0)
        }
        do { try await body(server) } catch {
            try? await server.stop()
            throw error
        }
        try await server.stop()
    }

    @Test("Changes come as they are committed, by the query's filter; a cursor continues")
    func follows() async throws {
        try await withServer { server in
            let notes = try client(server).table("notes")
            let old = try await notes.create(["n": 1])
            let small = notes.where { $0["n"] < 5 }
            var changes = small.changes().makeAsyncIterator()
            let begin = try #require(try await changes.next())
            #expect(begin.records.isEmpty && begin.removed.isEmpty)
            let made = try await notes.create(["n": 2])
            let first = try #require(try await changes.next())
            #expect(first.records.map(\.id) == [made.id] && first.removed.isEmpty)
            try await notes.update(old.id) { $0["n"] = 9 }
            let second = try #require(try await changes.next())
            #expect(second.records.isEmpty && second.removed.map(\.id) == [old.id])
            #expect(second.cursor != first.cursor)
            var again = small.changes(since: first.cursor).makeAsyncIterator()
            #expect(try await again.next()?.removed.map(\.id) == [old.id])
            try await notes.delete(made.id)
            #expect(try await again.next()?.removed.map(\.id) == [made.id])
            #expect(try await changes.next()?.removed.map(\.id) == [made.id])
        }
    }

    @Test("A server that goes and comes back costs nothing but time")
    func restart() async throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "bkend-\(UUID().uuidString)").path
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let server = try await TestServer.start(folder: folder, tables: Self.tables)
        let port = try #require(URL(string: server.url)?.port)
        let notes = try client(server).table("notes")
        var changes = notes.changes().makeAsyncIterator()
        _ = try await changes.next()
        try await notes.create(["n": 1])
        #expect(try await changes.next()?.records.count == 1)
        try await server.stop()
        let next = try await TestServer.start(folder: folder, port: port)
        let made = try await notes.create(["n": 2])
        var told: [String] = []
        while told.isEmpty { told = try #require(try await changes.next()).records.map(\.id) }
        #expect(told == [made.id])
        try await next.stop()
    }

    @Test("A server without streams is asked from time to time, and so is one that can't follow the filter")
    func polls() async throws {
        for streams in [0, 10] {
            try await withServer {
                $0.limits.streams = streams
            } _: { server in
                let notes = try client(server).table("notes")
                let query = streams == 0 ? notes.query : notes.where { $0["title"].contains("a") }
                var changes = query.changes(polling: .milliseconds(10)).makeAsyncIterator()
                _ = try await changes.next()
                let made = try await notes.create(["title": "a"])
                var told: [String] = []
                while told.isEmpty { told = try #require(try await changes.next()).records.map(\.id) }
                #expect(told == [made.id])
            }
        }
    }

    @Test("A lapsed token is renewed, and the stream goes on; an ended session throws")
    func session() async throws {
        let clock = TestClock(at: Date())
        try await withServer {
            $0.limits.streamSilenceSeconds = 1
            $0.now = { Timestamp(clamping: Int64((clock.date.timeIntervalSince1970 * 1_000).rounded())) }
        } _: { server in
            let client = try client(server, key: server.publishableKey)
            try await client.accounts.signUp(email: "ada@example.com", password: "correct horse 1")
            let notes = client.table("notes")
            var changes = notes.changes().makeAsyncIterator()
            let begin = try #require(try await changes.next())
            // The stream ends with the token, and the next one begins where it ended.
            clock.advance(by: .seconds(3 * 3_600))
            var next = try #require(try await changes.next())
            #expect(next.records.isEmpty)
            let made = try await notes.create(["n": 1])
            while next.records.isEmpty { next = try #require(try await changes.next()) }
            #expect(next.records.map(\.id) == [made.id] && next.cursor != begin.cursor)
            for session in try await client.accounts.sessions() { try await client.accounts.endSession(session.id) }
            let error = await #expect(throws: BkendError.self) {
                while try await changes.next() != nil {}
            }
            guard case .sessionEnded = error?.reason else {
                Issue.record("\(String(describing: error))")
                return
            }
            #expect(try await changes.next() == nil)
        }
    }

    @Test("What can't be mended is thrown: an old cursor, new rules, no permission, no feed, a query with an order")
    func refusals() async throws {
        try await withServer { server in
            // Without the wait that the server asks for.
            let client = try BkendClient(
                url: server.url, key: server.publishableKey, options: .silent, transport: nil,
                pacing: Pacing(clock: HurriedClock()))
            let notes = client.table("notes")
            var changes = notes.changes().makeAsyncIterator()
            let begin = try #require(try await changes.next())
            _ = try server.apply([
                "tables": [["name": "notes", "permissions": ["guest": ["list": true], "user": ["list": true]]]]
            ])
            let expired = await #expect(throws: BkendError.self) { try await changes.next() }
            #expect(expired?.code == .cursorExpired)
            #expect(expired?.description.contains("without a cursor") == true)
            var since = notes.changes(since: begin.cursor).makeAsyncIterator()
            #expect(await #expect(throws: BkendError.self) { try await since.next() }?.code == .cursorExpired)
            var ordered = notes.order(by: \.["n"]).changes().makeAsyncIterator()
            let refused = await #expect(throws: BkendError.self) { try await ordered.next() }
            guard case .invalidArgument = refused?.reason else {
                Issue.record("\(String(describing: refused))")
                return
            }
            _ = try server.apply(["tables": [["name": "notes", "permissions": ["user": ["list": true]]]]])
            var denied = notes.changes().makeAsyncIterator()
            #expect(await #expect(throws: BkendError.self) { try await denied.next() }?.code == .permissionDenied)
        }
        try await withServer {
            $0.offersChanges = false
        } _: { server in
            var changes = try client(server).table("notes").changes().makeAsyncIterator()
            let error = await #expect(throws: BkendError.self) { try await changes.next() }
            guard case .unsupported = error?.reason else {
                Issue.record("\(String(describing: error))")
                return
            }
        }
    }

    @Test("A task that is cancelled ends the stream, on both sides")
    func cancelled() async throws {
        try await withServer {
            $0.adminPort = 0
        } _: { server in
            let notes = try client(server).table("notes")
            let (began, note) = AsyncStream<Void>.makeStream()
            let task = Task {
                for try await _ in notes.changes() { note.yield() }
            }
            for await _ in began { break }
            task.cancel()
            let result = await task.result
            #expect(throws: (any Error).self) { try result.get() }
            let admin = try #require(server.adminURL.flatMap { URL(string: $0) })
            let head = HTTPRequest(
                method: .get, scheme: "http", authority: "127.0.0.1:\(admin.port ?? 0)", path: "/metrics")
            let transport = try CurlTransport()
            var text = ""
            while !text.contains("bkend_streams 0\n") {
                text = String(
                    decoding: try await transport.send(TransportRequest(head: head)).bytes(upTo: 1 << 20), as: UTF8.self
                )
            }
            await transport.shutdown()
        }
    }
}

/// A clock whose sleepers wake at once.
private struct HurriedClock: Clock {
    var now: ContinuousClock.Instant { .now }
    var minimumResolution: Duration { .zero }
    func sleep(until deadline: ContinuousClock.Instant, tolerance: Duration?) async throws {
        try Task.checkCancellation()
    }
}
