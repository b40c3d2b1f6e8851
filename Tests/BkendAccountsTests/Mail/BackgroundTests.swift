import Synchronization
import Testing

@testable import BkendAccounts

/// Work that goes on behind an answer.
@Suite struct BackgroundTests {
    @Test("It knows nothing of the request's client, whose leaving would end it")
    func detached() async {
        let background = Background(limit: 2)
        let watched = Mutex<Bool?>(nil)
        await Requester.$current.withValue(Requester(share: .own, departure: { .past })) {
            #expect(await background.start { watched.withLock { $0 = Requester.current.departure() != nil } })
        }
        await background.drained()
        #expect(watched.withLock { $0 } == false)
    }

    @Test("It is done one after the other, and what comes past the bound is told so")
    func order() async {
        let background = Background(limit: 3)
        let done = Mutex<[Int]>([])
        for number in 1...3 { #expect(await background.start { done.withLock { $0.append(number) } }) }
        await background.drained()
        #expect(done.withLock { $0 } == [1, 2, 3])
        let (gate, open) = AsyncStream.makeStream(of: Void.self)
        for _ in 1...3 { #expect(await background.start { for await _ in gate {} }) }
        #expect(await background.start {} == false)
        open.finish()
        await background.drained()
    }
}
