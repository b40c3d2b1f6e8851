import BkendWire

/// Decides when an observed query has to run again: pure, so that every interleaving can be tried.
///
/// Changes that come while the query runs wait: they are judged by the new result, and those that it has seen already
/// are passed over.
struct ResultTracker {
    /// What changes are judged by; nil before the first result, and after one that failed.
    private(set) var window: ResultWindow?
    /// The newest row of the change log that the result has seen.
    private(set) var position: Int64 = -1
    private(set) var isRunning = false
    /// Whether the query has to run again whatever it finds, unless it has seen this row of the log.
    private var unknownUpTo: Int64?
    private var waiting: [ObservedChange] = []

    /// More are not kept: then the query runs again without being asked.
    static let waitingLimit = 1_000

    /// The query was begun.
    mutating func start() { isRunning = true }

    /// Takes changes up to a row of the log, nil for unknown ones; whether the query has to run now.
    mutating func receive(_ changes: [ObservedChange]?, upTo end: Int64) -> Bool {
        guard end > position || changes == nil else { return false }
        if isRunning {
            if let changes, waiting.count + changes.count <= Self.waitingLimit {
                waiting += changes
            } else {
                waiting = []
                unknownUpTo = max(unknownUpTo ?? end, end)
            }
            return false
        }
        let isTouched = changes.map { judge($0) } ?? true
        if isTouched { isRunning = true } else { position = end }
        return isTouched
    }

    /// The query has run and seen the log up to a row; whether it has to run again, as it has to when it is told to.
    mutating func finish(_ window: ResultWindow?, at end: Int64, runsAgain: Bool = false) -> Bool {
        self.window = window
        position = end
        let changes = waiting
        waiting = []
        let isUnknown = unknownUpTo.map { $0 > end } ?? false
        unknownUpTo = nil
        isRunning = runsAgain || isUnknown || judge(changes)
        return isRunning
    }

    /// The query has failed; whether it has to run again, for changes that came meanwhile. Else the next change tries.
    mutating func fail() -> Bool {
        window = nil
        isRunning = !waiting.isEmpty || unknownUpTo != nil
        waiting = []
        unknownUpTo = nil
        return isRunning
    }

    private func judge(_ changes: [ObservedChange]) -> Bool {
        changes.contains { observed in
            guard observed.change.sequence > position else { return false }
            // What can't be judged may touch it; the query will say what is wrong.
            return window.map { (try? $0.isTouched(by: observed)) ?? true } ?? true
        }
    }
}
