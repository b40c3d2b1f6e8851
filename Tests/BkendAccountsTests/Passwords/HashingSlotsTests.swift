#if Server
@testable import BkendAccounts
import BkendWire
import Synchronization
import Testing

@Suite("Slots for hashing")
struct HashingSlotsTests {
    private final class Counts: Sendable {
        let state = Mutex((running: 0, most: 0, done: 0))
    }

    @Test("No more run at once than there are slots, and all come to their turn")
    func bounded() async throws {
        let slots = HashingSlots(count: 3, waiting: 100)
        let counts = Counts()
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<50 {
                group.addTask {
                    try await slots.withSlot {
                        counts.state.withLock {
                            $0.running += 1
                            $0.most = max($0.most, $0.running)
                        }
                        await Task.yield()
                        counts.state.withLock {
                            $0.running -= 1
                            $0.done += 1
                        }
                    }
                }
            }
            try await group.waitForAll()
        }
        #expect(counts.state.withLock { $0.done } == 50)
        #expect(counts.state.withLock { $0.most } <= 3)
    }

    @Test("Who comes when the line is full is refused, and who gives up leaves the line")
    func fullLine() async throws {
        let slots = HashingSlots(count: 1, waiting: 1)
        let (gate, open) = AsyncStream.makeStream(of: Void.self)
        let (entered, enter) = AsyncStream.makeStream(of: Void.self)
        let holder = Task {
            try await slots.withSlot {
                enter.finish()
                for await _ in gate {}
            }
        }
        for await _ in entered {}
        let waiter = Task { try await slots.withSlot {} }
        while await slots.waiting == 0 { await Task.yield() }
        let error = await #expect(throws: TooManyRequests.self) { try await slots.withSlot {} }
        #expect(error?.body.status == 429)
        waiter.cancel()
        await #expect(throws: CancellationError.self) { try await waiter.value }
        #expect(await slots.waiting == 0)
        open.finish()
        try await holder.value
        try await slots.withSlot {}
    }
}
#endif
