import BkendDocuments
import BkendWire
import Testing

@testable import BkendSync

/// A log, an observer, and every order in which they can meet.
private struct Meeting {
    private var random: SyncRandom
    private var values: [Int?] = Array(repeating: nil, count: 6)
    private var log: [StoreChange] = []
    private var tracker = ResultTracker()
    private var delivered = 0
    private var shown: [Int: Int] = [:]
    private(set) var runs = 0
    private let probe: QueryProbe
    private let limit: Int

    init(seed: UInt64) throws {
        random = SyncRandom(seed: seed)
        probe = try QueryProbe(Query(filter: .condition(Condition("n", .greaterOrEqual(5))), sort: [Query.Sort("n")]))
        limit = Int(random.next() % 4) + 1
        tracker.start()
    }

    private mutating func draw(_ count: Int) -> Int { Int(random.next() % UInt64(count)) }

    private func document(_ id: Int) -> DocumentText? {
        values[id].map { DocumentText(bytes: Array(#"{"id":"r\#(id)","n":\#($0)}"#.utf8)) }
    }

    private mutating func write() {
        let id = draw(values.count)
        values[id] = draw(4) == 0 ? nil : draw(10)
        let sequence = Int64(log.count + 1)
        log.append(StoreChange(sequence: sequence, table: "t", record: "r\(id)", formerly: nil, kind: .document))
    }

    /// The feed's look: some of what wasn't delivered, with the documents of now.
    private mutating func deliver() {
        let count = min(log.count - delivered, draw(4) + 1)
        if count == 0 { return }
        let rows = log[delivered..<(delivered + count)]
        delivered += count
        let isUnknown = draw(8) == 0
        let changes = rows.map { row in ObservedChange(row, document: document(Int(row.record.dropFirst()) ?? 0)) }
        // An idle tracker that is told to run is running.
        _ = tracker.receive(isUnknown ? nil : changes, upTo: Int64(delivered))
    }

    private mutating func run() throws {
        runs += 1
        let found = values.indices.filter { values[$0] ?? 0 >= 5 }
            .sorted { (values[$0] ?? 0, $0) < (values[$1] ?? 0, $1) }.prefix(limit)
        shown = Dictionary(uniqueKeysWithValues: found.map { ($0, values[$0] ?? 0) })
        var window = ResultWindow(
            table: "t", ids: Set(found.map { ExactString("r\($0)") }), named: [], probe: probe)
        if found.count == limit, let last = found.last, let text = document(last) {
            window.last = try probe.place(of: text, id: "r\(last)")
        }
        // Changes may be delivered between the query's look and its answer.
        let position = Int64(log.count)
        for _ in 0..<draw(3) {
            write()
            if draw(2) == 0 { deliver() }
        }
        if draw(10) == 0 { _ = tracker.fail() } else { _ = tracker.finish(window, at: position) }
    }

    /// What is shown at rest, and what is there.
    mutating func settle(steps: Int) throws -> (shown: [Int: Int], actual: [Int: Int], failed: Bool) {
        for _ in 0..<steps {
            switch draw(3) {
            case 0: write()
            case 1: deliver()
            default: if tracker.isRunning { try run() }
            }
        }
        while delivered < log.count || tracker.isRunning {
            if tracker.isRunning { try run() } else { deliver() }
        }
        let found = values.indices.filter { values[$0] ?? 0 >= 5 }
            .sorted { (values[$0] ?? 0, $0) < (values[$1] ?? 0, $1) }.prefix(limit)
        return (shown, Dictionary(uniqueKeysWithValues: found.map { ($0, values[$0] ?? 0) }), tracker.window == nil)
    }
}

@Suite struct ResultTrackerTests {
    @Test("However commits, looks and queries fall together, at rest the result is what is there")
    func interleavings() throws {
        for seed in 0..<3_000 as Range<UInt64> {
            var meeting = try Meeting(seed: seed)
            let (shown, actual, failed) = try meeting.settle(steps: 60)
            #expect(failed || shown == actual, "seed \(seed)")
        }
    }

    @Test("Changes that don't touch the result never run the query")
    func silence() throws {
        var tracker = ResultTracker()
        tracker.start()
        let probe = try QueryProbe(Query(filter: .condition(Condition("n", .equals(1)))))
        let window = ResultWindow(table: "t", ids: [], named: [], probe: probe)
        let isRunning = tracker.finish(window, at: 0)
        #expect(!isRunning)
        for sequence in 1...1_000 as ClosedRange<Int64> {
            let change = StoreChange(sequence: sequence, table: "t", record: "r", formerly: nil, kind: .document)
            let document = DocumentText(bytes: Array(#"{"id":"r","n":2}"#.utf8))
            let mustRun = tracker.receive([ObservedChange(change, document: document)], upTo: sequence)
            #expect(!mustRun)
        }
        #expect(tracker.position == 1_000)
    }

    @Test("A look that fails while the query runs makes it run again, once, whatever it has seen")
    func failedLook() throws {
        var tracker = ResultTracker()
        tracker.start()
        let batch = FeedBatch.unknown(upTo: .max)
        let mustRun = tracker.receive(batch.changes, upTo: batch.position)
        let again = tracker.finish(nil, at: 10)
        let onceMore = tracker.finish(nil, at: 10)
        #expect(!mustRun && again && !onceMore)
    }

    @Test("More changes than are kept while the query runs make it run again")
    func overflow() throws {
        var tracker = ResultTracker()
        tracker.start()
        let probe = try QueryProbe(Query(filter: .condition(Condition("n", .equals(1)))))
        let window = ResultWindow(table: "t", ids: [], named: [], probe: probe)
        for sequence in 1...2_000 as ClosedRange<Int64> {
            let change = StoreChange(sequence: sequence, table: "t", record: "r", formerly: nil, kind: .document)
            let mustRun = tracker.receive([ObservedChange(change)], upTo: sequence)
            #expect(!mustRun)
        }
        let again = tracker.finish(window, at: 10)
        let onceMore = tracker.finish(window, at: 2_000)
        #expect(again && !onceMore)
    }
}
