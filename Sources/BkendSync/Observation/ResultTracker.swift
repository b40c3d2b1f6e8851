import BkendWire

/// Decides when an observed query has to run again, and brings its rows along where it hasn't: pure, so that every
/// interleaving can be tried.
///
/// Changes that come while the query runs wait: they are judged by the new result, and those that it has seen already
/// are passed over.
struct ResultTracker {
    /// What changes are judged by; nil before the first result, and after one that failed.
    private(set) var window: ResultWindow?
    /// The rows that changes are put into; nil where every change that touches the result runs the query.
    private(set) var kept: KeptRows?
    /// The newest row of the change log that the result has seen.
    private(set) var position: Int64 = -1
    private(set) var isRunning = false
    /// Whether the query has to run again whatever it finds, unless it has seen this row of the log.
    private var unknownUpTo: Int64?
    private var waiting: [ObservedChange] = []
    /// Whether what waits says of records what one snapshot says, and up to which row of the log.
    private var wholeUpTo: Int64?

    /// More are not kept: then the query runs again without being asked.
    static let waitingLimit = 1_000

    /// The query was begun.
    mutating func start() { isRunning = true }

    /// Takes changes up to a row of the log, nil for unknown ones; whether the query has to run now.
    ///
    /// - Parameter isWhole: see `FeedBatch.isWhole`.
    mutating func receive(_ changes: [ObservedChange]?, upTo end: Int64, isWhole: Bool = false) -> Bool {
        guard end > position || changes == nil else { return false }
        if isRunning {
            if let changes, waiting.count + changes.count <= Self.waitingLimit {
                waiting += changes
                wholeUpTo = isWhole ? end : nil
            } else {
                waiting = []
                unknownUpTo = max(unknownUpTo ?? end, end)
            }
            return false
        }
        var outcome = Outcome.notTried
        if let changes, isWhole { outcome = take(changes) }
        let isTouched =
            switch outcome {
            case .taken: false
            case .mustRun: true
            case .notTried: changes.map { judge($0) } ?? true
            }
        if isTouched { isRunning = true } else { position = end }
        return isTouched
    }

    /// The query has run and seen the log up to a row; whether it has to run again, as it has to when it is told to.
    ///
    /// - Parameter kept: its rows, if changes may be put into them.
    mutating func finish(
        _ window: ResultWindow?, kept: KeptRows? = nil, at end: Int64, runsAgain: Bool = false
    ) -> Bool {
        self.window = window
        self.kept = kept
        position = end
        let changes = waiting
        waiting = []
        let isUnknown = unknownUpTo.map { $0 > end } ?? false
        unknownUpTo = nil
        let whole = wholeUpTo
        wholeUpTo = nil
        isRunning = runsAgain || isUnknown
        if isRunning { return true }
        var outcome = Outcome.notTried
        if let whole, whole > end { outcome = take(changes) }
        switch outcome {
        case .taken: position = whole ?? end
        case .mustRun: isRunning = true
        case .notTried: isRunning = judge(changes)
        }
        return isRunning
    }

    /// The query has failed; whether it has to run again, for changes that came meanwhile. Else the next change tries.
    mutating func fail() -> Bool {
        window = nil
        kept = nil
        isRunning = !waiting.isEmpty || unknownUpTo != nil
        waiting = []
        wholeUpTo = nil
        unknownUpTo = nil
        return isRunning
    }

    /// The rows as changes have made them since this was last asked, with the renames; nil when they are as they were.
    mutating func takeNews() -> (rows: [ObservedRow], renames: [ExactString: String])? {
        guard let kept, kept.isChanged else { return nil }
        return (kept.rows, self.kept?.takeNews() ?? [:])
    }

    private enum Outcome {
        /// The rows are current.
        case taken
        /// The query has to run.
        case mustRun
        /// There are no rows to put changes into.
        case notTried
    }

    private mutating func take(_ changes: [ObservedChange]) -> Outcome {
        guard let window, var rows = kept else { return .notTried }
        let new = changes.drop { $0.change.sequence <= position }
        // Another record's rename may make it another query.
        let isOther = new.contains { observed in
            observed.change.formerly.map { window.named.contains(ExactString($0)) } ?? false
        }
        if isOther { return .mustRun }
        // Nobody else may hold the rows while they change: they would be copied.
        kept = nil
        guard (try? rows.take(new)) == true else { return .mustRun }
        kept = rows
        return .taken
    }

    private func judge(_ changes: [ObservedChange]) -> Bool {
        changes.contains { observed in
            guard observed.change.sequence > position else { return false }
            // What can't be judged may touch it; the query will say what is wrong.
            return window.map { (try? $0.isTouched(by: observed, keeping: kept)) ?? true } ?? true
        }
    }
}
