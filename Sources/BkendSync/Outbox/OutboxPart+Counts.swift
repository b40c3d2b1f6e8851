import BkendWire

/// The outbox in numbers, kept by triggers (`StoreSchema`): asked for after every write, they must not be counted anew.
extension OutboxPart {
    /// How many entries are in each state; a state without any is left out.
    package func entryCounts() throws -> [OutboxEntry.State: Int] {
        var counts = try storedCounts()
        // Only these hold others up.
        guard let queued = counts[.queued], counts[.failed] ?? counts[.unresolved] != nil else { return counts }
        let blocked = try store.blocked.counts().values.reduce(0, +)
        if blocked == 0 { return counts }
        counts[.blocked] = blocked
        counts[.queued] = queued > blocked ? queued - blocked : nil
        return counts
    }

    /// How many entries are in each stored state: blocked ones are queued.
    func storedCounts() throws -> [OutboxEntry.State: Int] {
        var counts: [OutboxEntry.State: Int] = [:]
        for (state, count) in try db.all(
            "SELECT state, sum(entries) FROM sync_counts GROUP BY state HAVING sum(entries) > 0",
            read: { ($0.text(0), Int($0.int(1))) })
        {
            guard let state = OutboxEntry.State(rawValue: state) else { throw StoreError(.damaged("an entry's state")) }
            counts[state] = count
        }
        return counts
    }

    /// How many entries are in a state.
    package func entryCount(_ state: OutboxEntry.State) throws -> Int { try entryCounts()[state] ?? 0 }

    /// How many entries a table has.
    func entryCount(of table: String) throws -> Int {
        Int(try db.number("SELECT sum(entries) FROM sync_counts WHERE collection = ?", .text(table)))
    }

    /// The tables that have entries, in order.
    func tablesWithEntries() throws -> [String] {
        try db.all("SELECT DISTINCT collection FROM sync_counts WHERE entries > 0 ORDER BY collection") { $0.text(0) }
    }

    /// When the newest entry was made or changed, by this device's clock; nil without entries.
    var lastWrite: Timestamp? {
        get throws {
            try db.first("SELECT max(changed_at) FROM sync_entries HAVING count(*) > 0") {
                Timestamp(clamping: $0.int(0))
            }
        }
    }

    /// The outbox in numbers, as the status shows it.
    ///
    /// - Parameter reports: how many reports wait beside it.
    func inNumbers(reports: Int) throws -> OutboxCounts {
        var counts = OutboxCounts()
        // What is blocked is pending like what is queued.
        for (state, count) in try storedCounts() {
            switch state {
            case .failed: counts.failed += count
            case .unresolved: counts.unresolved += count
            case .queued, .inFlight, .ambiguous, .blocked: counts.pending += count
            }
        }
        counts.reports = reports
        return counts
    }
}

/// The outbox in numbers.
struct OutboxCounts: Sendable, Hashable {
    var pending = 0
    var failed = 0
    var unresolved = 0
    var reports = 0
    var files = FileStatus()
}
