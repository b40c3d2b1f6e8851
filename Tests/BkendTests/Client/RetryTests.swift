import Bkend
import Testing

@Suite("Repeating and deadlines")
struct RetryTests {
    private static let busy = #"{"success":false,"error":{"code":"common/internal-error","message":"busy"}}"#
    private static let limited = #"{"success":false,"error":{"code":"data/rate-limit-exceeded","message":"slow"}}"#

    private func lost(_ delivery: TransportError.Delivery) -> ScriptedTransport {
        ScriptedTransport { request throws(TransportError) in
            throw TransportError(
                kind: .connectionLost, delivery: delivery, replay: request.replay, method: request.method,
                url: request.url, reason: "reset")
        }
    }

    @Test("a read is repeated until the server answers")
    func read() async throws {
        let transport = ScriptedTransport(
            .json(Self.busy, status: 503), .json("<html>", status: 502), .json(recordText("a")))
        let book = try await testClient(transport).table(Book.self).get("a")
        #expect(book.id == "a")
        #expect(transport.sent.count == 3)
    }

    @Test("a policy of one attempt gives up at once, and the error counts the attempts")
    func never() async throws {
        let transport = ScriptedTransport(.json(Self.busy, status: 503))
        let books = try testClient(transport).table(Book.self)
        let once = await failure { () async throws(BkendError) in
            try await books.get("a", options: CallOptions(retry: .never))
        }
        #expect(once?.attempts == 1)
        let more = await failure { () async throws(BkendError) in try await books.get("a") }
        #expect(more?.attempts == 4)
        #expect(more?.code == .internalError)
        #expect(more?.mayHaveBeenApplied == false)
    }

    @Test("a write that may have arrived is never sent again, whatever it was")
    func write() async throws {
        let transport = lost(.mayHaveReachedServer)
        let books = try testClient(transport).table(Book.self)
        let errors = [
            await failure { () async throws(BkendError) in try await books.create(Book(title: "")) },
            await failure { () async throws(BkendError) in try await books.update("a", fields: ["title": ""]) },
            await failure { () async throws(BkendError) in try await books.delete("a") },
        ]
        #expect(transport.sent.count == 3)
        for error in errors {
            #expect(error?.mayHaveBeenApplied == true)
            #expect(error?.description.contains("check whether the write was applied before repeating it") == true)
        }
        let busy = ScriptedTransport(.json(Self.busy, status: 503))
        let table = try testClient(busy).table(Book.self)
        #expect(await failure { () async throws(BkendError) in try await table.create(Book(title: "")) } != nil)
        #expect(busy.sent.count == 1)
    }

    @Test("a write is repeated where the server certainly didn't act: nothing left, or bkend's own 429")
    func safeWrite() async throws {
        let unsent = lost(.notSent)
        let error = await failure { () async throws(BkendError) in
            try await testClient(unsent).table(Book.self).create(Book(title: ""))
        }
        #expect(unsent.sent.count == 4)
        #expect(error?.mayHaveBeenApplied == false)
        let limited = ScriptedTransport(.json(Self.limited, status: 429), .json(recordText("a"), status: 201))
        _ = try await testClient(limited).table(Book.self).create(Book(title: ""))
        #expect(limited.sent.count == 2)
        let proxy = ScriptedTransport(.json("<html>slow down</html>", status: 429))
        let table = try testClient(proxy).table(Book.self)
        #expect(await failure { () async throws(BkendError) in try await table.create(Book(title: "")) } != nil)
        #expect(proxy.sent.count == 1)
    }

    @Test("the deadline covers all attempts: each gets what is left, and no wait goes past it")
    func deadline() async throws {
        let clock = SkippingClock()
        let slow = ScriptedTransport { _ throws(TransportError) in
            clock.advance(by: .seconds(4))
            return .json(Self.busy, status: 503)
        }
        let books = try testClient(slow, clock: clock).table(Book.self)
        let options = CallOptions(deadline: .seconds(10), retry: RetryPolicy(maximumAttempts: 9))
        let error = await failure { () async throws(BkendError) in try await books.get("a", options: options) }
        #expect(error?.code == .internalError)
        let totals = slow.sent.compactMap(\.timeouts.total)
        #expect(totals.first == .seconds(10))
        #expect(totals.count <= 3)
        #expect(totals.allSatisfy { $0 > .zero })
        let late = ScriptedTransport(
            ScriptedTransport.Answer(status: 429, headers: ["Retry-After": "11"], body: Self.limited))
        let other = try testClient(late, clock: SkippingClock()).table(Book.self)
        #expect(await failure { () async throws(BkendError) in try await other.get("a", options: options) } != nil)
        #expect(late.sent.count == 1)
        let passed = await failure { () async throws(BkendError) in
            try await other.get("a", options: CallOptions(deadline: .zero))
        }
        guard case .transport(let reason)? = passed?.reason else {
            Issue.record("expected a transport error, not \(String(describing: passed))")
            return
        }
        #expect(reason.kind == .totalTimedOut)
    }

    @Test("an update by closure has one deadline for its read and its write")
    func updateDeadline() async throws {
        let clock = SkippingClock()
        let transport = ScriptedTransport { _ throws(TransportError) in
            clock.advance(by: .seconds(4))
            return .json(recordText("a"))
        }
        let books = try testClient(transport, clock: clock).table(Book.self)
        try await books.update("a", options: CallOptions(deadline: .seconds(10))) { $0.title = "x" }
        #expect(transport.sent.map(\.timeouts.total) == [.seconds(10), .seconds(6)])
    }

    @Test("a cancelled call says how far it had come")
    func cancelled() async throws {
        let transport = ScriptedTransport { _ throws(TransportError) in
            throw TransportError(kind: .cancelled, delivery: .mayHaveReachedServer, reason: "the task was cancelled")
        }
        let books = try testClient(transport).table(Book.self)
        let write = await failure { () async throws(BkendError) in try await books.delete("a") }
        let read = await failure { () async throws(BkendError) in try await books.get("a") }
        #expect(write?.isCancelled == true && write?.mayHaveBeenApplied == true)
        #expect(read?.isCancelled == true && read?.mayHaveBeenApplied == false)
        #expect(transport.sent.count == 2)
    }
}
