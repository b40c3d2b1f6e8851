import BkendDocuments
import BkendWire
import Synchronization

/// Keeps one query's result current: puts each change into it or, where that can't be done, judges it and runs the query
/// when its result may be another one.
final class QueryObserver: FeedObserver {
    private struct State {
        var tracker = ResultTracker()
        /// The last result, for what stays when the query fails, and to see what was renamed.
        var result = ObservedResult()
        var hasResult = false
        /// The filter with local ids in their present form.
        var filter: Filter = .all
        /// What the feed has said of the table's completeness while the query ran.
        var completeness: Completeness?
    }

    let results = Newest<ObservedResult> { untaken, newer in newer.following(untaken) }
    let documentTable: String?
    let watchesOutbox = false
    private let table: String
    private let query: Query
    private let core: StoreCore
    private let state = Mutex(State())
    /// Called each time between the reading of the store and the taking of the answer, so that tests can come in between.
    private let whenRead: @Sendable () -> Void

    init(
        _ query: Query, in table: String, of core: StoreCore, whenRead: @escaping @Sendable () -> Void = {}
    ) {
        self.query = query
        self.table = table
        self.core = core
        self.whenRead = whenRead
        documentTable = table
        state.withLock { $0.tracker.start() }
    }

    func receive(_ batch: FeedBatch) {
        let (mustRun, news) = state.withLock { state -> (Bool, ObservedResult?) in
            if state.tracker.isRunning, let now = batch.completeness[ExactString(table)] { state.completeness = now }
            let mustRun = state.tracker.receive(batch.changes, upTo: batch.position, isWhole: batch.isWhole)
            guard !state.tracker.isRunning, state.hasResult, state.result.error == nil else { return (mustRun, nil) }
            let change = state.tracker.takeNews()
            let isComplete =
                batch.completeness[ExactString(table)]?.covers(state.filter) ?? state.result.isComplete
            if change == nil, isComplete == state.result.isComplete { return (mustRun, nil) }
            state.result.isComplete = isComplete
            state.result.renames = change?.renames ?? [:]
            if let change { state.result.rows = change.rows }
            return (mustRun, state.result)
        }
        if let news { results.put(news) }
        if mustRun { run() }
    }

    func finish() { results.finish() }

    /// Runs the query where blocking is allowed, again until nothing has touched it meanwhile.
    func run() {
        core.reads.run { [self] in
            var isDone = false
            while !isDone {
                let before = state.withLock { $0.result.rows.map(\.id) }
                let outcome = Result {
                    try core.feed.begin()
                    return try core.database.read { try answer($0, after: before) }
                }
                whenRead()
                isDone = take(outcome)
            }
        }
    }

    private struct Answer {
        var result: ObservedResult
        var window: ResultWindow
        var kept: KeptRows?
        var filter: Filter
        var position: Int64
    }

    /// Whether that was the last run for now.
    private func take(_ outcome: Result<Answer, any Error>) -> Bool {
        let (isDone, result) = state.withLock { state -> (Bool, ObservedResult) in
            let mustRun: Bool
            let completeness = state.completeness
            state.completeness = nil
            switch outcome {
            case .success(let answer):
                // Which of the two was read later can't be told where they differ.
                let isOther = completeness.map { $0.covers(answer.filter) != answer.result.isComplete } ?? false
                mustRun = state.tracker.finish(
                    answer.window, kept: answer.kept, at: answer.position, runsAgain: isOther)
                state.result = answer.result
                state.filter = answer.filter
                if !mustRun, let change = state.tracker.takeNews() {
                    var newer = answer.result
                    newer.rows = change.rows
                    newer.renames = change.renames
                    state.result = newer.following(answer.result)
                }
            case .failure(let error):
                mustRun = state.tracker.fail()
                state.result.error = StoreError(error, table: table)
                state.result.renames = [:]
            }
            state.hasResult = true
            return (!mustRun, state.result)
        }
        results.put(result)
        return isDone
    }

    private func answer(_ snapshot: StoreSnapshot, after former: [String]) throws -> Answer {
        let position = try snapshot.changes.latest
        let resolved = try snapshot.aliases.resolve(query, table: table)
        let probe = try QueryProbe(resolved)
        // The records that are skipped are read too: only so can be told what moves the window.
        let (skipped, limit) = (resolved.page.skipped, max(0, resolved.page.limit))
        let (end, overflows) = skipped.addingReportingOverflow(limit)
        var whole = resolved
        whole.page = Query.Page(offset: 0, limit: overflows ? .max : end)
        let documents = try snapshot.documents.find(whole, in: table)
        let ids = documents.map { $0.id ?? "" }
        var result = ObservedResult()
        let shown = ids.indices.dropFirst(skipped)
        let states = try snapshot.documents.syncStates(table, shown.map { ids[$0] })
        let first = try snapshot.aliases.firstIDs(table, shown.map { ids[$0] })
        result.rows = zip(zip(shown, states), first).map {
            ObservedRow(id: ids[$0.0], document: documents[$0.0], state: $0.1, localID: $1)
        }
        result.isComplete = try snapshot.subscriptions.completeness(of: table).covers(resolved.filter)
        var window = ResultWindow(
            table: table, ids: Set(ids.map(ExactString.init)), named: resolved.namedTexts, probe: probe)
        // A record that is gone from the result under its old id may be there under a new one.
        for id in former where !window.ids.contains(ExactString(id)) {
            let now = try snapshot.aliases.resolve(id)
            if !now.hasSameBytes(as: id) { result.renames[ExactString(now)] = id }
        }
        var answer = Answer(result: result, window: window, filter: resolved.filter, position: position)
        if skipped == 0, limit > 0, resolved.select == nil {
            answer.kept = KeptRows(result.rows, table: table, limit: limit, probe: probe)
            answer.window.ids = []
            return answer
        }
        window.isShut = limit == 0
        if !overflows, documents.count == end, let id = ids.last, let document = documents.last {
            let all = resolved.select == nil ? document : try snapshot.documents.document(table, id) ?? document
            window.last = try probe.place(of: all, id: id)
        }
        answer.window = window
        return answer
    }
}
