import Bkend
import BkendWire
import HTTPTypes
import Synchronization
import Testing

/// How `changes()` asks, and what it does about answers that bring nothing.
@Suite(.timeLimit(.minutes(10))) struct RemoteChangesTests {
    private typealias Answer = ScriptedTransport.Answer

    /// A page that continues where the request says, with records if there are any.
    private static func page(_ sent: ScriptedTransport.Sent, _ upserts: String = "") -> String {
        let since = (try? JSON(parsing: sent.body))?["subscriptions"]?[0]?["since"]?.stringValue
        let from = since.map { #""\#($0)""# } ?? "null"
        return
            #"{"subscriptions":[{"name":"changes","upserts":[\#(upserts)],"removed":[],"since":\#(from),"#
            + #""cursor":"\#(since ?? "c")+","asOf":"1:1","time":"2026-01-01T00:00:00.000Z","hasMore":false}]}"#
    }

    private static func stream(_ text: String) -> Answer {
        Answer(headers: ["Content-Type": "text/event-stream"], body: text)
    }

    private static func isForStream(_ sent: ScriptedTransport.Sent) -> Bool {
        sent.headers[.accept]?.contains("text/event-stream") ?? false
    }

    private static func refusal(_ status: Int, _ code: String, _ more: String = "") -> Answer {
        .json(#"{"error":{"code":"\#(code)","message":"no"\#(more)}}"#, status: status)
    }

    /// The error that the first element is thrown as.
    private static func error(_ transport: ScriptedTransport, clock: SkippingClock = SkippingClock()) async throws
        -> BkendError?
    {
        var changes = try testClient(transport, clock: clock).table("notes").changes().makeAsyncIterator()
        return await #expect(throws: BkendError.self) { try await changes.next() }
    }

    @Test("The request is a subscription of the query's filter, and asking twice does no harm")
    func request() async throws {
        let transport = ScriptedTransport { sent throws(TransportError) in .json(Self.page(sent)) }
        let query = try testClient(transport).table("notes").where { $0["n"] < 5 }
        var changes = query.changes(since: ChangeCursor(rawValue: "c7")).makeAsyncIterator()
        let first = try #require(try await changes.next())
        #expect(first.isEmpty && first.cursor.rawValue == "c7+")
        let sent = transport.sent[0]
        #expect(sent.line == "POST /x1/changes" && sent.replay == .idempotent && Self.isForStream(sent))
        #expect(sent.timeouts.idle == .seconds(45) && sent.timeouts.total == nil)
        #expect(
            try JSON(parsing: sent.body) == [
                "subscriptions": [
                    [
                        "name": "changes", "table": "notes", "limit": 1000, "andFilters": ["n": ["$lt": 5]],
                        "since": "c7",
                    ]
                ]
            ])
    }

    @Test("A stream that ends after its first event, again and again, is asked for with pauses, and then no more")
    func fruitless() async throws {
        let transport = ScriptedTransport { sent throws(TransportError) in
            Self.isForStream(sent) ? Self.stream("data: \(Self.page(sent))\n\n") : .json(Self.page(sent))
        }
        let clock = SkippingClock()
        var changes = try testClient(transport, clock: clock).table("notes").changes().makeAsyncIterator()
        for _ in 0..<8 { _ = try await changes.next() }
        #expect(transport.sent.map(Self.isForStream) == [true, true, true] + Array(repeating: false, count: 5))
        // After some minutes a stream is tried again.
        clock.advance(by: .seconds(300))
        _ = try await changes.next()
        #expect(transport.sent.last.map(Self.isForStream) == true)
    }

    @Test(
        "Where the server has too many streams, or one can't follow the query, it is asked without one",
        arguments: [
            (429, "common/too-many-connections"), (503, "common/service-unavailable"), (400, "data/validation-error"),
        ])
    func withoutStream(status: Int, code: String) async throws {
        let transport = ScriptedTransport { sent throws(TransportError) in
            Self.isForStream(sent) ? Self.refusal(status, code) : .json(Self.page(sent, #"{"id":"a"}"#))
        }
        var changes = try testClient(transport).table("notes").changes().makeAsyncIterator()
        #expect(try await changes.next()?.undecodable.isEmpty == false)
        #expect(transport.sent.map(Self.isForStream) == [true, false])
    }

    @Test("Events in pieces, comments and events of other names: what tells changes is told, in order")
    func events() async throws {
        let transport = ScriptedTransport { sent throws(TransportError) in
            let first = Self.page(sent)
            let second = first.replacing(#""since":null"#, with: #""since":"c+""#).replacing(
                #""c+","as"#, with: #""d","as"#)
            return Self.stream(":\n\ndata: \(first)\n\nevent: news\ndata: 1\n\n:\n\ndata: \(second)\n\n")
        }
        var changes = try testClient(transport).table("notes").changes().makeAsyncIterator()
        #expect(try await changes.next()?.cursor.rawValue == "c+")
        #expect(try await changes.next()?.cursor.rawValue == "d")
        #expect(transport.sent.count == 1)
    }

    @Test("A cursor that doesn't hold is told after the time that the server asks for")
    func expired() async throws {
        let answer =
            #"{"subscriptions":[{"name":"changes","error":{"code":"data/cursor-expired","message":"no","retryAfter":42}}]}"#
        let clock = SkippingClock()
        let before = clock.now
        let error = try await Self.error(ScriptedTransport(.json(answer)), clock: clock)
        #expect(error?.code == .cursorExpired && before.duration(to: clock.now) == .seconds(42))
    }

    @Test("A server without the route has no change feed; other refusals keep their words")
    func unknown() async throws {
        let none = [
            Self.refusal(404, "common/not-found"), Self.refusal(405, "common/method-not-allowed"),
            Answer(status: 404, headers: ["Content-Type": "text/html"], body: "<p>Not found"),
        ]
        for answer in none {
            let error = try await Self.error(ScriptedTransport(answer))
            guard case .unsupported? = error?.reason else {
                Issue.record("\(String(describing: error))")
                return
            }
        }
        let other = try await Self.error(ScriptedTransport(Self.refusal(404, "data/environment-not-found")))
        #expect(other?.code == "data/environment-not-found")
        let denied = try await Self.error(
            ScriptedTransport(.json(#"{"success":false,"error":{"code":"auth/invalid-api-key","message":"no"}}"#)))
        #expect(denied?.code == .invalidAPIKey)
        let odd = ScriptedTransport(.json(#"{"items":[]}"#))
        let error = try await Self.error(odd)
        guard case .transport? = error?.reason else {
            Issue.record("\(String(describing: error))")
            return
        }
        #expect(odd.sent.count == 4)
    }

    @Test("A page from another place than the last one ended at isn't believed")
    func otherPlace() async throws {
        let asked = Mutex(0)
        let transport = ScriptedTransport { sent throws(TransportError) in
            let page = Self.page(sent)
            let number = asked.withLock { asked in
                asked += 1
                return asked
            }
            return .json(number == 2 ? page.replacing(#""since":"c+""#, with: #""since":"other""#) : page)
        }
        var changes = try testClient(transport).table("notes").changes().makeAsyncIterator()
        #expect(try await changes.next()?.cursor.rawValue == "c+")
        #expect(try await changes.next()?.cursor.rawValue == "c++")
        #expect(transport.sent.count == 3)
    }
}
