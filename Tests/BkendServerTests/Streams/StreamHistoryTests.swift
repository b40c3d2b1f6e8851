import BkendAccounts
import BkendStorage
import BkendTesting
import BkendWire
import Synchronization
import Testing

@testable import BkendServer
@testable import RouteFuzz

/// A client that follows a stream comes to what its list has, whatever is written meanwhile; and it is told of nothing that
/// its lists never showed.
@Suite(.timeLimit(.minutes(10))) struct StreamHistoryTests {
    @Test(
        "Following a stream comes to what a list shows, and tells nothing else", arguments: FeedHistoryTests.rules,
        [1, 2])
    func histories(rule: (String, JSONObject), seed: UInt64) async throws {
        try await RecordStore.with(rule.1) { place in
            let hub = StreamHub(place.store, silence: .seconds(3_600), metrics: StreamMetrics())
            var random = FuzzRandom(seed: seed)
            for _ in 0..<6 { try FeedHistoryTests.change(place.store, &random) }
            var copies: [StreamCopy] = []
            for reader in FeedHistoryTests.readers {
                if let copy = try StreamCopy(reader, place.store) { copies.append(copy) }
            }
            try await withThrowingTaskGroup(of: Void.self) { group in
                for copy in copies { group.addTask { try await copy.run(in: hub) } }
                for copy in copies { await copy.begun() }
                for _ in 0..<60 {
                    try FeedHistoryTests.change(place.store, &random)
                    for copy in copies { try copy.noteList() }
                    switch Int.random(in: 0..<4, using: &random) {
                    case 0: break
                    case 1:
                        hub.committed()
                        await copies.randomElement(using: &random)?.told()
                    default: hub.committed()
                    }
                    if Int.random(in: 0..<6, using: &random) == 0 {
                        // One that starts anew with the cursor that it has.
                        copies.randomElement(using: &random)?.breakOff()
                    }
                }
                hub.committed()
                for copy in copies { try await copy.comesToTheList() }
                hub.end()
                try await group.waitForAll()
            }
            #expect(hub.count == 0)
        }
    }
}

/// What a client has that follows a stream, beside what its lists have shown.
private final class StreamCopy: Sendable {
    private struct State {
        var cursor: String?
        var records: [String: JSON] = [:]
        /// Every id that a list has shown after some write, and every one that the stream has told. A stream may be quicker
        /// than the test's look at the list, so they are compared at the end.
        var shown: Set<String> = []
        var told: Set<String> = []
        var events = 0
        var position: Int64 = 0
        var breaksOff = false
        var isOver = false
        var waiting: [CheckedContinuation<Void, Never>] = []
    }

    private let reader: FeedHistoryTests.Reader
    private let store: EnvironmentStore
    private let limit: Int
    private let budget: FeedBudget
    private let state = Mutex(State())
    /// Ends the stream from the client's side.
    private struct BrokenOff: Error {}

    /// Nil for a reader who may list nothing.
    init?(_ reader: FeedHistoryTests.Reader, _ store: EnvironmentStore) throws {
        self.reader = reader
        self.store = store
        // Some are told so little at once that they must read for themselves.
        limit = [100, 2][reader.name.utf8.count % 2]
        budget =
            [FeedBudget(bytes: 1 << 20, time: .seconds(3_600)), FeedBudget(bytes: 200, time: .zero)][
                reader.name.utf8.count % 3 / 2]
        do { _ = try list() } catch is ErrorBody { return nil }
    }

    func run(in hub: StreamHub) async throws {
        while !state.withLock({ $0.isOver }) {
            var subscription: JSONObject = ["name": "s", "table": "t", "limit": .int(Int64(limit))]
            if let filter = reader.filter { subscription["andFilters"] = .object(filter) }
            if let cursor = state.withLock({ $0.cursor }) { subscription["since"] = .string(cursor) }
            let stream = ChangeStream(
                place: try StreamPlace(in: hub, for: StreamHub.Owner()), store: store,
                request: try FeedRequest(["subscriptions": [.object(subscription)]]), caller: reader.caller,
                callerNow: { self.reader.caller }, answers: AnswerAccount(AnswerBudget(bytes: 1 << 24), client: nil),
                budget: budget, queryLimit: .seconds(3_600))
            do {
                try await stream.run { body in try apply(Array(body.buffer.readableBytesView)) }
                state.withLock { $0.isOver = true }
            } catch is BrokenOff {}
        }
    }

    private func apply(_ text: [UInt8]) throws {
        guard text.starts(with: Array("data: ".utf8)) else { return }
        let event = try JSON(parsing: Array(text.dropFirst(6)))
        guard let page = event["subscriptions"]?[0] else { return }
        let isFirst = state.withLock { $0.cursor == nil }
        // The cursor is taken before the list is read.
        let list = isFirst ? try list() : [:]
        let waiting = try state.withLock { state -> [CheckedContinuation<Void, Never>] in
            #expect(isFirst || page["since"]?.stringValue == state.cursor, "\(reader.name): \(page)")
            if isFirst {
                state.records = list
                state.shown.formUnion(list.keys)
            }
            for record in page["upserts"]?.arrayValue ?? [] {
                let id = try #require(record["id"]?.stringValue)
                state.told.insert(id)
                state.records[id] = record
            }
            for removed in page["removed"]?.arrayValue ?? [] {
                let id = try #require(removed["id"]?.stringValue)
                state.told.insert(id)
                state.records[id] = nil
            }
            let position = page["asOf"]?.stringValue.flatMap { Int64($0.dropFirst(2)) } ?? -1
            #expect(position >= state.position, "\(reader.name) is told of an earlier moment: \(page)")
            state.position = position
            state.cursor = try #require(page["cursor"]?.stringValue)
            state.events += 1
            defer { state.waiting = [] }
            return state.waiting
        }
        for one in waiting { one.resume() }
        let breaksOff = state.withLock { state in
            defer { state.breaksOff = false }
            return state.breaksOff
        }
        if breaksOff { throw BrokenOff() }
    }

    /// Lets the stream break off with the next event.
    func breakOff() { state.withLock { $0.breaksOff = true } }

    /// Returns when the first event is there.
    func begun() async {
        while state.withLock({ $0.events }) == 0 { await told() }
    }

    /// Returns with the next event, or at once where there is nothing more to come.
    func told() async {
        let list = try? list()
        await withCheckedContinuation { continuation in
            let isThere = state.withLock { state in
                if state.events > 0, state.records == list { return true }
                state.waiting.append(continuation)
                return false
            }
            if isThere { continuation.resume() }
        }
    }

    func noteList() throws {
        let list = try list()
        state.withLock { $0.shown.formUnion(list.keys) }
    }

    /// Returns when the records are those of the list.
    func comesToTheList() async throws {
        let list = try list()
        while state.withLock({ $0.records }) != list { await told() }
        let unseen = state.withLock { $0.told.subtracting($0.shown) }
        #expect(unseen.isEmpty, "\(reader.name) was told of \(unseen), which no list ever showed")
    }

    private func list() throws -> [String: JSON] { try reader.list(in: store) }
}
