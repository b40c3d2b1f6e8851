import BkendAccounts
import BkendDocuments
import BkendStorage
import BkendTesting
import BkendWire
import Testing

@testable import BkendServer

/// One look at commits, over a real store: who is told what, and how far.
@Suite struct StreamPassTests {
    /// A table with a reader who was told of everything, and one who joined earlier in its history.
    private struct Place {
        let store: EnvironmentStore
        var table: LiveTable
        let id: LiveTable.ID
        var told: [Int: [String]] = [:]
        var positions: [Int64] = []

        /// - Parameters:
        ///   - since: where each of the streams 1, 2, … was told up to.
        init(_ store: EnvironmentStore, since: [Int64]) throws {
            self.store = store
            let request = try FeedRequest(["subscriptions": [["name": "s", "table": "t"]]])
            let readings = try store.engine.readNow { session in
                try FeedReader(caller: .secretKey).reading(request, .untimed, in: session)
            }
            let subscription = LiveSubscription(0, try #require(readings[0].subscription))
            id = subscription.table
            table = LiveTable(position: since.max() ?? 0)
            for (place, position) in since.enumerated() {
                try table.add(subscription, stream: place + 1, author: ExactString(""), since: position)
            }
        }

        /// Looks until there is no more.
        mutating func look(_ bounds: StreamPass.Bounds) throws -> Set<Int> {
            var behind: Set<Int> = []
            while true {
                let pass = StreamPass(tables: [id: table], bounds: bounds)
                let outcome = try store.engine.readNow { try pass.run(.untimed, in: $0) }
                for (stream, event) in outcome.events {
                    for page in event.pages {
                        guard case .text(let text) = page.records else { continue }
                        let json = try JSON(parsing: "{\"x\":0" + String(decoding: text, as: UTF8.self) + "}")
                        told[stream, default: []] += (json["upserts"]?.arrayValue ?? []).compactMap {
                            $0["id"]?.stringValue
                        }
                    }
                }
                behind.formUnion(outcome.behind)
                let position = try #require(outcome.positions[id])
                positions.append(position)
                table.settle(at: position, as: table)
                if !outcome.isMore { return behind }
            }
        }
    }

    /// Writes so many records, each in a write of its own; the position after each.
    private static func write(_ count: Int, from first: Int, _ store: EnvironmentStore) throws -> [Int64] {
        for number in first..<first + count {
            try store.engine.writeNow(locking: []) { session in
                let text = #"{"id":"\#(RecordStore.id(number))","createdBy":"","createdAt":"2026-01-01T00:00:00.000Z"}"#
                let document = NewDocument(id: RecordStore.id(number), checked: Array(text.utf8))
                try session.apply([.insert(document, RecordStore.note)], to: session.existingTable("t"))
            }
        }
        return try store.engine.readNow { session in
            var positions: [Int64] = []
            try session.changes(of: session.existingTable("t"), owner: nil, after: 0) { change in
                positions.append(change.position)
                return true
            }
            return positions
        }
    }

    @Test(
        "A look that is cut leaves nobody out, also who joined before the others' place",
        arguments: [1, 2, 3, 7, 1_000])
    func cut(trials: Int) async throws {
        try await RecordStore.with { place in
            let positions = try Self.write(6, from: 0, place.store)
            var bounds = StreamPass.Bounds()
            bounds.trials = trials
            // The first was told of four changes, the second of one, the third of none.
            var look = try Place(place.store, since: [positions[3], positions[0], 0])
            #expect(try look.look(bounds).isEmpty)
            let ids = (0..<6).map(RecordStore.id)
            #expect(look.told == [1: Array(ids[4...]), 2: Array(ids[1...]), 3: ids])
            #expect(look.positions == look.positions.sorted() && look.table.newcomers.isEmpty)
            _ = try Self.write(1, from: 6, place.store)
            #expect(try look.look(bounds).isEmpty)
            #expect((1...3).allSatisfy { look.told[$0]?.last == RecordStore.id(6) })
        }
    }

    @Test("Changes that are too many for one look are told in several; who is far behind reads for itself")
    func many() async throws {
        try await RecordStore.with { place in
            let positions = try Self.write(10, from: 0, place.store)
            var bounds = StreamPass.Bounds()
            bounds.changes = 3
            var alone = try Place(place.store, since: [positions[1]])
            #expect(try alone.look(bounds).isEmpty)
            #expect(alone.told == [1: (2..<10).map(RecordStore.id)])
            #expect(alone.positions.count == 3)
            var far = try Place(place.store, since: [positions[8], positions[0]])
            #expect(try far.look(bounds) == [2])
            #expect(far.told == [1: [RecordStore.id(9)]])
        }
    }

    @Test("What waits for a stream from before it read for itself is never told")
    func queue() async {
        let member = StreamMember()
        func event(_ milliseconds: Int64) -> StreamEvent { StreamEvent(time: Timestamp(clamping: milliseconds)) }
        member.begin(1)
        #expect(member.deliver(event(1), to: 1))
        #expect(member.begin(2))
        #expect(member.deliver(event(2), to: 1))
        #expect(member.deliver(event(3), to: 2))
        guard case .event(let next) = await member.next() else {
            Issue.record("no event")
            return
        }
        #expect(next.time == Timestamp(clamping: 3))
        member.fallBehind(after: 7, 1)
        member.fallBehind(after: 8, 2)
        guard case .read(after: 8) = await member.next() else {
            Issue.record("it isn't behind")
            return
        }
        member.end()
        guard case .end = await member.next() else {
            Issue.record("it hasn't ended")
            return
        }
    }

    @Test("A stream that is at work holds little; one that waits takes any event")
    func full() async {
        let member = StreamMember()
        func event(_ bytes: Int) -> StreamEvent {
            let page = StreamEvent.Page(
                index: 0, records: .text([UInt8](repeating: 0, count: bytes)), position: 1, mark: 1)
            return StreamEvent(time: .systemNow, pages: [page])
        }
        member.begin(1)
        #expect(!member.deliver(event(100_000), to: 1))
        #expect(member.deliver(event(30_000), to: 1) && member.deliver(event(30_000), to: 1))
        #expect(!member.deliver(event(30_000), to: 1))
    }
}
