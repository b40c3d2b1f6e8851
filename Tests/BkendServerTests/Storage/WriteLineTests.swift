import BkendAccounts
import Testing

@testable import BkendServer

/// Who writes next.
@Suite struct WriteLineTests {
    private var line = WriteLine<String>()

    private func share(_ client: String) -> QueueShare {
        QueueShare(project: "p", environment: "e", client: client)
    }

    /// Writes that come, each named after its client.
    private mutating func arrive(_ writes: String...) {
        for write in writes { line.arrive(write, of: share(String(write.prefix { !$0.isNumber }))) }
    }

    /// The next write, which changes so many bytes.
    private mutating func next(_ bytes: Int, upTo most: Int? = nil) -> String? {
        guard let write = line.next(upTo: most) else { return nil }
        line.count(bytes, for: share(String(write.prefix { !$0.isNumber })))
        return write
    }

    @Test("Clients whose writes are alike take turns, and the writes of one stay in order")
    mutating func turns() {
        arrive("a1", "a2", "a3", "b1", "b2")
        var order: [String] = []
        while let write = next(100) { order.append(write) }
        #expect(order == ["a1", "b1", "a2", "b2", "a3"])
    }

    @Test("Who changes megabytes is behind who changes little, also with its next write, and from many addresses")
    mutating func large() {
        arrive("big1", "huge1")
        #expect(next(4 << 20) == "big1")
        #expect(next(4 << 20) == "huge1")
        arrive("big2", "huge2", "small1")
        #expect(next(100) == "small1")
        arrive("small2")
        #expect(next(100) == "small2")
        #expect(next(4 << 20) == "big2")
    }

    @Test("Whoever waits has its turn, however many others come meanwhile")
    mutating func newcomers() {
        arrive("big1")
        #expect(next(10 * WriteLine<String>.least) == "big1")
        arrive("big2")
        var others = 0
        while others < 1_000 {
            line.arrive("other", of: share("newcomer \(others)"))
            guard next(100) == "other" else { break }
            others += 1
        }
        #expect(others < 12)
    }

    @Test("Past a bound nobody joins, and the next one begins anew")
    mutating func bound() {
        arrive("big1", "small1")
        #expect(next(4 << 20) == "big1")
        let most = line.position + 1_000_000
        arrive("big2")
        #expect(next(100, upTo: most) == "small1")
        #expect(next(100, upTo: most) == nil)
        #expect(line.count == 1)
        #expect(next(100) == "big2")
    }

    @Test("A write that is taken out of the line isn't made")
    mutating func removed() {
        arrive("a1", "a2")
        #expect(line.remove { $0 == "a1" })
        #expect(!line.remove { $0 == "a1" })
        #expect(next(100) == "a2")
        #expect(line.isEmpty)
    }
}
