import BkendDocuments
import BkendWire

/// The outbox: entries (`sync_entries`), what they name (`sync_edges`) and how many there are (`sync_counts`).
///
/// A blocked entry is stored as queued. What is public in the package shows it as blocked; see `BlockedPart`.
package struct OutboxPart<Store: StoreView>: StorePart {
    let store: Store

    /// The entry of that number, nil when there is none (any more).
    func storedEntry(_ sequence: Int64) throws -> OutboxEntry? {
        try db.first(
            "SELECT \(EntrySQL.columns) FROM sync_entries WHERE sequence = ?", .int(sequence), read: EntrySQL.entry)
    }

    /// Entries in the order they were made: of all tables or one, all or those that fulfil a condition.
    func storedEntries(
        table: String? = nil, _ condition: String = "", after sequence: Int64 = 0, limit: Int = .max
    ) throws -> [OutboxEntry] {
        // Each combination is a statement of its own, so that each has its index.
        let sql = """
            SELECT \(EntrySQL.columns) FROM sync_entries
            WHERE sequence > ?1\(table == nil ? "" : " AND collection = ?3") \(condition)
            ORDER BY sequence LIMIT ?2
            """
        guard let table else { return try db.all(sql, .int(sequence), .int(limit), read: EntrySQL.entry) }
        return try db.all(sql, .int(sequence), .int(limit), .text(table), read: EntrySQL.entry)
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
            "SELECT \(EntrySQL.columns) FROM sync_entries WHERE collection = ? AND record = ? ORDER BY sequence",
            .text(key.table), .text(key.id), read: EntrySQL.entry)
    }

    /// The newest entry that shows in a record.
    func lastLive(_ key: RecordKey) throws -> OutboxEntry? {
        try db.first(
            """
            SELECT \(EntrySQL.columns) FROM sync_entries
            WHERE collection = ? AND record = ? AND \(EntrySQL.live) ORDER BY sequence DESC LIMIT 1
            """, .text(key.table), .text(key.id), read: EntrySQL.entry)
    }

    /// The failed entries of a record, in order.
    func deadLetters(_ key: RecordKey) throws -> [OutboxEntry] {
        try db.all(
            """
            SELECT \(EntrySQL.columns) FROM sync_entries
            WHERE collection = ? AND record = ? AND state IN ('failed', 'unresolved') AND state = 'failed'
            ORDER BY sequence
            """, .text(key.table), .text(key.id), read: EntrySQL.entry)
    }

    // MARK: Entries as they are shown

    /// The entry of that number, nil when there is none (any more).
    package func entry(_ sequence: Int64) throws -> OutboxEntry? {
        guard var entry = try storedEntry(sequence) else { return nil }
        if try store.blocked.contains(entry) { entry.state = .blocked }
        return entry
    }

    /// The entries of a record, dead letters among them, in order.
    package func entries(of table: String, _ id: String) throws -> [OutboxEntry] {
        try store.blocked.shown(lane(RecordKey(table, try store.aliases.resolve(id))))
    }

    /// Entries in the order they were made: of all tables or one, in any state or one.
    package func entries(
        table: String? = nil, state: OutboxEntry.State? = nil, after sequence: Int64 = 0, limit: Int = .max
    ) throws -> [OutboxEntry] {
        switch state {
        case nil:
            return try store.blocked.shown(storedEntries(table: table, after: sequence, limit: limit))
        case .queued:
            let condition = "AND state = 'queued' \(try store.blocked.andNot())"
            return try storedEntries(table: table, condition, after: sequence, limit: limit)
        case .blocked:
            guard let condition = try store.blocked.and() else { return [] }
            return try storedEntries(table: table, condition, after: sequence, limit: limit).map(\.asBlocked)
        case .inFlight?, .ambiguous?, .failed?, .unresolved?:
            let condition = state.map { "AND " + EntrySQL.isIn($0) } ?? ""
            return try storedEntries(table: table, condition, after: sequence, limit: limit)
        }
    }

    // MARK: What the server knows

    /// What the server knows of a record.
    func state(of key: RecordKey) throws -> SyncState {
        guard try store.hasEntries() else { return .synced }
        let stuck = """
            SELECT failure, state FROM sync_entries
            WHERE collection = ? AND record = ? AND state IN ('failed', 'unresolved')
            ORDER BY state = 'unresolved', sequence LIMIT 1
            """
        let failed: SyncState? = try db.first(stuck, .text(key.table), .text(key.id)) { row in
            if row.text(1) != OutboxEntry.State.failed.rawValue { return .unresolved }
            return .failed(row.isNull(0) ? EntryFailure(code: "", message: "") : EntryFailure(try row.object(0)))
        }
        if let failed { return failed }
        return try hasEntry(of: key) ? .pending : .synced
    }

    /// Whether a record has any entry, a dead letter among them.
    func hasEntry(of key: RecordKey) throws -> Bool {
        let any = "SELECT 1 FROM sync_entries WHERE collection = ? AND record = ? LIMIT 1"
        return try db.number(any, .text(key.table), .text(key.id)) != 0
    }

    /// Whether an entry waits for the app as a dead letter.
    func hasFailed() throws -> Bool {
        try db.number("SELECT 1 FROM sync_entries WHERE \(EntrySQL.isIn(.failed)) LIMIT 1") != 0
    }

    /// The records of a table that have creates, and that the server doesn't list yet.
    func createdRecords(of table: String) throws -> Set<ExactString> {
        Set(
            try db.all("SELECT record FROM sync_entries WHERE collection = ? AND kind = 'create'", .text(table)) {
                ExactString($0.text(0))
            })
    }
}

extension StoreView {
    /// The outbox.
    package var outbox: OutboxPart<Self> { OutboxPart(store: self) }
}
