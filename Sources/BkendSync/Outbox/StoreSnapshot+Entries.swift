import BkendDocuments
import BkendWire

/// Entries as they are stored. A blocked one is queued here: `StoreSnapshot+Blocked` has what is shown.
extension StoreSnapshot {
    static let entryColumns = """
        sequence, user, collection, record, kind, fields, before, state, epoch, body, attempts, failure, made_at, \
        changed_at, client_key, overwritten
        """
    /// What makes an entry part of the visible document.
    static let live = "(state <> 'failed' OR kind = 'create')"

    /// The entry of that number, nil when there is none (any more).
    func storedEntry(_ sequence: Int64) throws -> OutboxEntry? {
        try db.first(
            "SELECT \(Self.entryColumns) FROM sync_entries WHERE sequence = ?", .int(sequence), read: Self.entry)
    }

    /// Entries in the order they were made: of all tables or one, all or those that fulfil a condition.
    func storedEntries(
        table: String? = nil, _ condition: String = "", after sequence: Int64 = 0, limit: Int = .max
    ) throws -> [OutboxEntry] {
        // Each combination is a statement of its own, so that each has its index.
        let sql = """
            SELECT \(Self.entryColumns) FROM sync_entries
            WHERE sequence > ?1\(table == nil ? "" : " AND collection = ?3") \(condition)
            ORDER BY sequence LIMIT ?2
            """
        guard let table else { return try db.all(sql, .int(sequence), .int(limit), read: Self.entry) }
        return try db.all(sql, .int(sequence), .int(limit), .text(table), read: Self.entry)
    }

    /// The condition that an entry is in a stored state; of those that don't simply wait there is an index.
    static func isIn(_ state: OutboxEntry.State) -> String {
        state == .queued ? "state = 'queued'" : "state <> 'queued' AND state = '\(state.rawValue)'"
    }

    /// How many entries there are in any state, counted one by one: what may lose them asks so.
    package func entryCount() throws -> Int { Int(try db.number("SELECT count(*) FROM sync_entries")) }

    /// The local ids that an entry waits for, in order.
    package func dependencies(of sequence: Int64) throws -> [String] {
        try db.all("SELECT local_id FROM sync_edges WHERE entry = ? AND binds ORDER BY local_id", .int(sequence)) {
            $0.text(0)
        }
    }

    /// The entries of a record, dead letters among them, in order.
    func lane(_ key: RecordKey) throws -> [OutboxEntry] {
        try db.all(
            "SELECT \(Self.entryColumns) FROM sync_entries WHERE collection = ? AND record = ? ORDER BY sequence",
            .text(key.table), .text(key.id), read: Self.entry)
    }

    /// Whether an entry is the first live one of its record and names no record that the server doesn't have.
    func isReady(_ entry: OutboxEntry) throws -> Bool {
        let first = try db.number(
            "SELECT min(sequence) FROM sync_entries WHERE collection = ? AND record = ? AND \(Self.live)",
            .text(entry.table), .text(entry.record))
        return try first == entry.sequence && dependencies(of: entry.sequence).isEmpty
    }

    /// The newest entry that shows in a record.
    func lastLive(_ key: RecordKey) throws -> OutboxEntry? {
        try db.first(
            """
            SELECT \(Self.entryColumns) FROM sync_entries
            WHERE collection = ? AND record = ? AND \(Self.live) ORDER BY sequence DESC LIMIT 1
            """, .text(key.table), .text(key.id), read: Self.entry)
    }

    /// The failed entries of a record, in order.
    func deadLetters(_ key: RecordKey) throws -> [OutboxEntry] {
        try db.all(
            """
            SELECT \(Self.entryColumns) FROM sync_entries
            WHERE collection = ? AND record = ? AND state IN ('failed', 'unresolved') AND state = 'failed'
            ORDER BY sequence
            """, .text(key.table), .text(key.id), read: Self.entry)
    }

    static func entry(_ row: RunningStatement) throws -> OutboxEntry {
        guard let kind = OutboxEntry.Kind(rawValue: row.text(4)), let state = OutboxEntry.State(rawValue: row.text(7))
        else { throw StoreError(.damaged("entry \(row.int(0))")) }
        return OutboxEntry(
            sequence: row.int(0), user: row.text(1), table: row.text(2), record: row.text(3), kind: kind,
            fields: try row.object(5), before: try row.object(6), state: state, epoch: row.int(8),
            body: row.isNull(9) ? nil : Array(row.bytes(9)), attempts: Int(row.int(10)),
            failure: row.isNull(11) ? nil : EntryFailure(try row.object(11)),
            madeTimestamp: Timestamp(clamping: row.int(12)), changedAt: Timestamp(clamping: row.int(13)),
            clientKey: row.optionalText(14),  // Nearly always empty.
            overwrites: row.bytes(15).count <= 2 ? [:] : try row.object(15))
    }
}
