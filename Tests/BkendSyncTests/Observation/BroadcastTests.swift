import Synchronization
import Testing

@testable import BkendSync

@Suite(.timeLimit(.minutes(10))) struct BroadcastTests {
    @Test("A listener hears the present state and each that differs; of many at once the newest")
    func states() async {
        let broadcast = Broadcast(startingWith: 1)
        var listener = broadcast.stream().makeAsyncIterator()
        #expect(await listener.next() == 1)
        broadcast.tell(1)
        broadcast.tell(2)
        broadcast.tell(3)
        #expect(await listener.next() == 3)
        broadcast.close()
        #expect(await listener.next() == nil)
        var late = broadcast.stream().makeAsyncIterator()
        #expect(await late.next() == 3)
        #expect(await late.next() == nil)
    }

    @Test("Whoever tells and whoever cancels a listener at the same moment don't wait for each other for ever")
    func cancelledWhileTold() async {
        // In a process of its own: it keeps all threads of the pool busy, and other tests would wait for them.
        await #expect(processExitsWith: .success) { await BroadcastTests.race() }
    }

    private static func race() async {
        let broadcast = Broadcast(startingWith: 0)
        let isOver = Count()
        let telling = Task.detached {
            var value = 0
            while isOver.value.load(ordering: .relaxed) == 0 {
                value += 1
                broadcast.tell(value)
                // Not a thread of the pool for itself alone.
                if value % 100 == 0 { await Task.yield() }
            }
        }
        for _ in 0..<3_000 {
            let told = Count()
            await withTaskGroup(of: Void.self) { group in
                for _ in 0..<8 {
                    let stream = broadcast.stream()
                    group.addTask { for await _ in stream { told.value.add(1, ordering: .relaxed) } }
                }
                while told.value.load(ordering: .relaxed) < 8 { await Task.yield() }
                group.cancelAll()
            }
        }
        isOver.value.add(1, ordering: .relaxed)
        await telling.value
    }

    private final class Count: Sendable {
        let value = Atomic(0)
    }
}
