import BkendDocuments
import BkendWire

/// What may be sent, and what waits for the server.
package struct QueuePart<Store: StoreView>: StorePart {
    let store: Store

    /// Entries that may be sent now, in order: queued, the first live one of their record, naming no record that the
    /// server doesn't have. In a table with unique fields only the oldest, and none while one is on its way.
    ///
    /// - Parameter skipping: what the engine lets wait, so that it takes no room in the answer and holds nothing up.
    package func sendable(limit: Int, skipping: [SendableSkip] = []) throws -> [OutboxEntry] {
        var ready: [OutboxEntry] = []
        // The bytes of files go another way.
        for table in try store.outbox.tablesWithEntries() where !FileTable.isName(table) {
            let skips = skipping.filter { $0.table.hasSameBytes(as: table) }
            if skips.contains(where: \.isWhole) { continue }
            let isOrdered = try store.facts.of(table)?.isOrdered ?? true
            let states = isOrdered ? "'queued', 'inFlight', 'ambiguous'" : "'queued'"
            let entries = try db.all(
                """
                SELECT \(EntrySQL.columns) FROM sync_entries AS entry
                WHERE collection = ?1 AND state IN (\(states)) AND (state <> 'queued'
                    OR \(EntrySQL.ready)
                    \(skips.map(\.sql).joined()))
                ORDER BY sequence LIMIT ?2
                """, .text(table), .int(isOrdered ? 1 : limit), read: EntrySQL.entry)
            ready += entries.filter { $0.state == .queued }
        }
        return Array(ready.sorted { $0.sequence < $1.sequence }.prefix(limit))
    }

    /// Whether other records of a table have writes of an entry's kind that wait for the server.
    func hasOthersWaiting(beside entry: OutboxEntry) throws -> Bool {
        let sql = """
            SELECT 1 FROM sync_entries WHERE collection = ? AND state IN ('queued', 'inFlight', 'ambiguous')
                AND kind = ? AND record <> ? \(try store.blocked.andNot()) LIMIT 1
            """
        return try db.number(sql, .text(entry.table), .text(entry.kind.rawValue), .text(entry.record)) != 0
    }

    /// Whether a table has entries of a kind behind one that may be sent now.
    func hasQueued(_ table: String, _ kind: OutboxEntry.Kind, after sequence: Int64) throws -> Bool {
        let sql = """
            SELECT 1 FROM sync_entries AS entry
            WHERE collection = ? AND state = 'queued' AND kind = ? AND sequence > ? AND \(EntrySQL.ready) LIMIT 1
            """
        return try db.number(sql, .text(table), .text(kind.rawValue), .int(sequence)) != 0
    }

    /// Whether an entry is the first live one of its record and names no record that the server doesn't have.
    func isReady(_ entry: OutboxEntry) throws -> Bool {
        let first = try db.number(
            "SELECT min(sequence) FROM sync_entries WHERE collection = ? AND record = ? AND \(EntrySQL.live)",
            .text(entry.table), .text(entry.record))
        return try first == entry.sequence && store.outbox.dependencies(of: entry.sequence).isEmpty
    }

    /// The number of the newest entry that is still there, 0 for none.
    var newestEntry: Int64 { get throws { try db.number("SELECT ifnull(max(sequence), 0) FROM sync_entries") } }

    // MARK: On the way

    /// Whether an entry of a record is on its way.
    func isInFlight(_ table: String, _ id: String) throws -> Bool {
        let sql = "SELECT 1 FROM sync_entries WHERE collection = ? AND record = ? AND state = 'inFlight' LIMIT 1"
        return try db.number(sql, .text(table), .text(id)) != 0
    }

    /// Whether a create without key is on its way, or may have been applied: pulls of the table wait until that is known.
    func hasKeylessCreateOnItsWay(_ table: String) throws -> Bool {
        let sql = """
            SELECT 1 FROM sync_entries WHERE collection = ? AND kind = 'create' AND client_key IS NULL
                AND state IN ('inFlight', 'ambiguous') LIMIT 1
            """
        return try db.number(sql, .text(table)) != 0
    }
}

extension StoreView {
    /// What may be sent.
    package var queue: QueuePart<Self> { QueuePart(store: self) }
}

/// Writes of a table that are let wait.
package struct SendableSkip: Sendable, Hashable {
    /// The table.
    package var table: String
    /// The kind, nil for all.
    package var kind: OutboxEntry.Kind?
    /// The last entry that is let wait; nil for all of them.
    package var through: Int64?
    /// The one entry that is let wait; nil where it isn't one alone.
    package var entry: Int64?

    /// Writes to skip.
    package init(table: String, kind: OutboxEntry.Kind?, through: Int64? = nil) {
        self.table = table
        self.kind = kind
        self.through = through
    }

    /// One write to skip.
    package init(table: String, entry: Int64) {
        self.table = table
        self.entry = entry
    }

    fileprivate var isWhole: Bool { kind == nil && entry == nil }

    fileprivate var sql: String {
        if let entry { return " AND sequence <> \(entry)" }
        guard let kind else { return "" }
        return " AND NOT (kind = '\(kind.rawValue)'\(through.map { " AND sequence <= \($0)" } ?? ""))"
    }
}
