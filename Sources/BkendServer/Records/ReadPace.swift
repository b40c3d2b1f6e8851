#if Server
import BkendWire

/// How long a read may take where it runs.
enum ReadPace: Sendable {
    /// On a thread that others wait for: SQLite asks every few rows whether the time is up.
    case moment
    /// On a thread of its own, with the whole limit.
    case unhurried
}

/// A read that can't keep to a moment, however few rows it meets: it starts again off its caller's thread.
struct NeedsTime: Error {}

extension ReadPace {
    /// Whether a stored record of so many bytes may be taken apart here.
    ///
    /// - Throws: `NeedsTime`.
    func check(record bytes: Int) throws(NeedsTime) {
        if case .moment = self, bytes > ServerLimits.momentRecord { throw NeedsTime() }
    }
}

extension Filter {
    /// Whether a pattern is to be matched, which nothing but its own limits interrupts.
    var hasPatterns: Bool {
        switch self {
        case .condition(let condition):
            condition.operators.contains { if case .regex = $0 { true } else { false } }
        case .allOf(let filters), .anyOf(let filters): filters.contains { $0.hasPatterns }
        case .not(let filter): filter.hasPatterns
        }
    }
}
#endif
