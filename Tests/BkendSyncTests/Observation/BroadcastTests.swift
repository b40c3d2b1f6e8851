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

    @Test("Whoever tells and whoever cancels a listener at the same moment wait for each other not for ever")
    func cancelledWhileTold() async {
        for _ in 0..<300 {
            let broadcast = Broadcast(startingWith: 0)
            let listening = (0..<4).map { _ in
                let stream = broadcast.stream()
                return Task.detached { for await _ in stream {} }
            }
            let telling = Task.detached { for value in 1...10 { broadcast.tell(value) } }
            for task in listening { task.cancel() }
            await telling.value
            for task in listening { await task.value }
        }
    }
}
