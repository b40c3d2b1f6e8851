import BkendWire

/// The outbox in numbers, kept by triggers (`StoreSchema`): asked for after every write, they must not be counted anew.
extension StoreSnapshot {
    /// How many entries are in each state; a state without any is left out.
    package func entryCounts() throws -> [OutboxEntry.State: Int] {
        var counts = try storedCounts()
        // Only these hold others up.
        guard let queued = counts[.queued], counts[.failed] ?? counts[.unresolved] != nil else { return counts }
        let blocked = try blockedCounts().values.reduce(0, +)
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

    /// The tables that have entries which go their way without the app: not blocked, rejected or unresolved.
    package func tablesWithEntriesToSend() throws -> [String] {
        let sql = """
            SELECT collection, sum(entries) FROM sync_counts WHERE state IN ('queued', 'inFlight', 'ambiguous')
            GROUP BY collection HAVING sum(entries) > 0 ORDER BY collection
            """
        let blocked = try blockedCounts()
        return try db.all(sql) { (table: $0.text(0), count: Int($0.int(1))) }
            .filter { $0.count > blocked[ExactString($0.table)] ?? 0 }.map(\.table)
    }

    /// How many reports the app has not acknowledged.
    package func reportCount() throws -> Int { Int(try db.number("SELECT count(*) FROM sync_reports")) }
}
