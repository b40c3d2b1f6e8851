import Synchronization
import Testing

@testable import BkendAccounts

@Suite("Lines of tasks")
struct FairLineTests {
    let ann = FairQueueTests.share("blog", "ann")
    let ben = FairQueueTests.share("blog", "ben")

    /// What several tasks change.
    private final class Shared<Value: Sendable>: Sendable {
        private let value: Mutex<Value>

        init(_ value: Value) { self.value = Mutex(value) }

        func withLock<Result: Sendable>(_ body: (inout Value) -> Result) -> Result { value.withLock { body(&$0) } }
    }

    static func line(
        places: Int = 1, waiting: Int = 100, waitingPerClient: Int = 100,
        report: @escaping @Sendable (QueueEvent) -> Void = { _ in }
    ) -> FairLine {
        FairLine(
            QueueLimits(places: places, waiting: waiting, waitingPerClient: waitingPerClient),
            waitingFor: "things", retryAfterSeconds: 3, report: report)
    }

    /// A task that has a place until it is told to go.
    private struct Holder {
        let task: Task<Void, any Error>
        private let open: AsyncStream<Void>.Continuation

        init(_ line: FairLine, _ share: QueueShare) async {
            let (gate, open) = AsyncStream.makeStream(of: Void.self)
            let (entered, enter) = AsyncStream.makeStream(of: Void.self)
            self.open = open
            task = Task {
                try await line.pass(share) {
                    enter.finish()
                    for await _ in gate {}
                }
            }
            for await _ in entered {}
        }

        func leave() async throws {
            open.finish()
            try await task.value
        }
    }

    private static func until(_ condition: () -> Bool) async { while !condition() { await Task.yield() } }

    @Test("No more run at once than there are places, and all come to their turn")
    func bounded() async throws {
        let line = Self.line(places: 3)
        let counts = Shared((running: 0, most: 0, done: 0))
        try await withThrowingTaskGroup(of: Void.self) { group in
            for number in 0..<50 {
                group.addTask { [ann, ben] in
                    try await line.pass(number.isMultiple(of: 2) ? ann : ben) {
                        counts.withLock {
                            $0.running += 1
                            $0.most = max($0.most, $0.running)
                        }
                        await Task.yield()
                        counts.withLock {
                            $0.running -= 1
                            $0.done += 1
                        }
                    }
                }
            }
            try await group.waitForAll()
        }
        #expect(counts.withLock { $0.done } == 50)
        #expect(counts.withLock { $0.most } <= 3)
    }

    @Test("A full share is a 429, a full line a 503, each with the time to wait; who is cancelled leaves the line")
    func refusals() async throws {
        let line = Self.line(waiting: 2, waitingPerClient: 1)
        let holder = await Holder(line, ann)
        let first = Task { [ann] in try await line.pass(ann) {} }
        await Self.until { line.waiting == 1 }
        var error = await #expect(throws: QueueRefused.self) { try await line.pass(ann) {} }
        #expect(error?.body.status == 429)
        #expect(error?.retryAfterSeconds == 3)
        #expect(error?.body.message.contains("too many things of this client") == true)
        let second = Task { [ben] in try await line.pass(ben) {} }
        await Self.until { line.waiting == 2 }
        error = await #expect(throws: QueueRefused.self) { try await line.pass(FairQueueTests.share("blog", "dan")) {} }
        #expect(error?.body.status == 503)
        first.cancel()
        await #expect(throws: CancellationError.self) { try await first.value }
        #expect(line.waiting == 1)
        try await holder.leave()
        try await second.value
    }

    @Test("Who is pushed out by a newcomer learns that it asked for too much")
    func pushedOut() async throws {
        let line = Self.line(waiting: 2)
        let holder = await Holder(line, ann)
        let first = Task { [ann] in try await line.pass(ann) {} }
        await Self.until { line.waiting == 1 }
        let last = Task { [ann] in try await line.pass(ann) {} }
        await Self.until { line.waiting == 2 }
        let newcomer = Task { try await line.pass(FairQueueTests.share("shop", "cat")) {} }
        let error = await #expect(throws: QueueRefused.self) { try await last.value }
        #expect(error?.body.status == 429)
        try await holder.leave()
        try await first.value
        try await newcomer.value
    }

    @Test("A request whose client goes leaves the line, and one whose client has gone never waits")
    func departures() async throws {
        let events = Shared<[QueueEvent]>([])
        let line = Self.line { event in events.withLock { $0.append(event) } }
        let holder = await Holder(line, ann)
        let departure = Departure()
        let waiter = Task { [ben] in try await line.pass(ben, departure: departure) {} }
        await Self.until { line.waiting == 1 }
        departure.happen()
        await #expect(throws: ClientGone.self) { try await waiter.value }
        await #expect(throws: ClientGone.self) { try await line.pass(ben, departure: .past) {} }
        #expect(line.waiting == 0)
        try await holder.leave()
        // Where there is nothing to wait for, nothing is given up.
        try await line.pass(ben, departure: .past) {}
        #expect(
            events.withLock { $0 } == [
                .admitted(after: nil), .waits, .abandoned, .waits, .abandoned, .admitted(after: nil),
            ])
    }

    @Test("A pause waits for those who have a place, and keeps out who comes meanwhile")
    func pausing() async throws {
        let line = Self.line(places: 3)
        let holder = await Holder(line, ann)
        line.pause(ben)
        let isAtRest = Shared(false)
        let rest = Task { [ben] in
            await line.atRest(ben)
            isAtRest.withLock { $0 = true }
        }
        let newcomer = Task { [ben] in try await line.pass(ben) {} }
        await Self.until { line.waiting == 1 }
        try await line.pass(FairQueueTests.share("shop", "cat")) {}
        #expect(isAtRest.withLock { $0 } == false)
        try await holder.leave()
        await rest.value
        #expect(line.waiting == 1)
        line.resume(ann)
        try await newcomer.value
    }
}
