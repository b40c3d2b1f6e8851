import BkendDocuments
import BkendWire
import Testing

@testable import BkendSync

/// A table, its log, and an observer that keeps the rows of a query.
private struct Kept {
    private var random: SyncRandom
    /// What is there: id to number; ids begin with `~` until they are renamed.
    private var values: [String: Int] = [:]
    private var states: [String: SyncState] = [:]
    private var origins: [String: String] = [:]
    private var log: [StoreChange] = []
    private var tracker = ResultTracker()
    private var next = 0
    private let probe: QueryProbe
    private let limit: Int
    private(set) var rows: [ObservedRow] = []
    private(set) var runs = 0

    init(seed: UInt64, limit: Int) throws {
        random = SyncRandom(seed: seed)
        self.limit = limit
        let direction: Query.Sort.Direction = seed.isMultiple(of: 2) ? .ascending : .descending
        probe = try QueryProbe(
            Query(filter: .condition(Condition("n", .greaterOrEqual(3))), sort: [Query.Sort("n", direction)]))
        tracker.start()
        try run()
    }

    private mutating func draw(_ count: Int) -> Int { Int(random.next() % UInt64(count)) }

    private func document(_ id: String) -> DocumentText? {
        values[id].map { DocumentText(bytes: Array(#"{"id":"\#(id)","n":\#($0)}"#.utf8)) }
    }

    private mutating func append(_ id: String, formerly: String? = nil, _ kind: StoreChange.Kind = .document) {
        let sequence = Int64(log.count + 1)
        log.append(StoreChange(sequence: sequence, table: "t", record: id, formerly: formerly, kind: kind))
    }

    private mutating func write() {
        let ids = values.keys.sorted()
        guard !ids.isEmpty, draw(3) > 0 else {
            next += 1
            let id = "~\(100 + next)"
            values[id] = draw(8)
            states[id] = .pending
            return append(id)
        }
        let id = ids[draw(ids.count)]
        switch draw(5) {
        case 0:
            values[id] = nil
            append(id)
        case 1:
            states[id] = states[id] == .pending ? .synced : .pending
            append(id, .state)
        case 2 where id.hasPrefix("~"):
            let new = "s" + id.dropFirst()
            values[new] = values.removeValue(forKey: id)
            states[new] = .synced
            origins[new] = id
            append(new, formerly: id)
        default:
            values[id] = draw(8)
            append(id)
        }
    }

    /// The id that a record has now.
    private func present(_ id: String) -> String { id.hasPrefix("~") && values[id] == nil ? "s" + id.dropFirst() : id }

    private func row(_ id: String) -> ObservedRow? {
        document(id).map {
            ObservedRow(id: id, document: $0, state: states[id] ?? .synced, localID: origins[id] ?? id)
        }
    }

    private mutating func deliver(from position: Int) {
        let changes = log[position...].map { change in
            let id = present(change.record)
            return ObservedChange(
                change, document: change.kind == .document ? document(id) : nil, state: states[id] ?? .synced,
                localID: origins[id] ?? id)
        }
        if changes.isEmpty { return }
        _ = tracker.receive(changes, upTo: Int64(log.count), isWhole: true)
    }

    /// What the query finds.
    func found() throws -> [ObservedRow] {
        let all = try values.keys.filter { values[$0] ?? 0 >= 3 }.compactMap(row).map { row in
            (try probe.place(of: row.document, id: row.id), row)
        }
        return Array(all.sorted { $0.0 < $1.0 }.map(\.1).prefix(limit))
    }

    private mutating func run() throws {
        runs += 1
        rows = try found()
        var window = ResultWindow(table: "t", ids: [], named: [], probe: probe)
        let position = Int64(log.count)
        let kept = KeptRows(rows, table: "t", limit: limit, probe: probe)
        // Changes may come before the answer.
        for _ in 0..<draw(3) { write() }
        deliver(from: Int(position))
        window.isShut = false
        _ = tracker.finish(window, kept: kept, at: position)
        takeNews()
    }

    private mutating func takeNews() { if !tracker.isRunning, let news = tracker.takeNews() { rows = news.rows } }

    /// Some writes, and what they come to.
    mutating func step() throws {
        let position = log.count
        for _ in 0...draw(3) { write() }
        deliver(from: position)
        takeNews()
        while tracker.isRunning { try run() }
    }
}

@Suite struct KeptRowsTests {
    @Test("Whatever changes, the rows are what the query would find", arguments: [1, 3, 10, Int.max])
    func rows(limit: Int) throws {
        for seed in 0..<300 as Range<UInt64> {
            var kept = try Kept(seed: seed, limit: limit)
            for step in 0..<40 {
                try kept.step()
                let (now, found) = (kept.rows, try kept.found())
                let isSame = now.count == found.count && zip(now, found).allSatisfy { $0.says(sameAs: $1) }
                guard isSame else {
                    Issue.record("seed \(seed), step \(step): \(now.map(\.id)) and not \(found.map(\.id))")
                    return
                }
            }
            // All there is: nothing can come from behind.
            if limit == .max { #expect(kept.runs == 1, "seed \(seed)") }
        }
    }

    @Test("A rename is told once, from the id that was told before, however many steps it took")
    func renames() throws {
        let probe = try QueryProbe(Query())
        func text(_ id: String) -> DocumentText { DocumentText(bytes: Array(#"{"id":"\#(id)"}"#.utf8)) }
        func change(_ sequence: Int64, _ id: String, formerly: String) -> ObservedChange {
            ObservedChange(
                StoreChange(sequence: sequence, table: "t", record: id, formerly: formerly, kind: .document),
                document: text(id), localID: "~1")
        }
        var kept = KeptRows(
            [ObservedRow(id: "~1", document: text("~1"), state: .pending, localID: "~1")], table: "t", limit: .max,
            probe: probe)
        let isTaken = try kept.take([change(1, "a", formerly: "~1"), change(2, "b", formerly: "a")])
        #expect(isTaken && kept.rows.map(\.id) == ["b"])
        #expect(kept.takeNews() == [ExactString("b"): "~1"])
        #expect(!kept.isChanged)
    }
}
