import BkendDocuments
import BkendWire

/// The states of an entry on its way. Only the leader calls these.
extension StoreTransaction {
    /// Begins to lead: the new epoch. What an earlier leader had in flight is ambiguous from now on.
    ///
    /// - Throws: `StoreError.Reason.beingTakenOver`
    package func lead() throws -> Int64 {
        if try moving != nil { throw StoreError(.beingTakenOver) }
        let epoch = try advance("epoch")
        try db.perform(
            "UPDATE sync_entries SET state = 'ambiguous' WHERE \(Self.isIn(.inFlight)) AND epoch < ?", .int(epoch))
        touchesOutbox = true
        return epoch
    }

    /// Notes that an entry's request is about to leave, with its exact body. Send only after this was committed.
    ///
    /// - Throws: `StoreError` when another process leads, the sender is not the user who made the write, or the entry
    ///   is not the first of its lane, waits for a record, or isn't queued.
    package func markInFlight(_ sequence: Int64, body: [UInt8], epoch: Int64, user: String) throws {
        try requireLeader(epoch)
        var entry = try require(sequence, in: [.queued])
        let isOwn = try entry.user.hasSameBytes(as: user) && owner.hasSameBytes(as: user)
        if !isOwn { throw StoreError(.otherUser(sequence), table: entry.table, record: entry.record) }
        if try !isReady(entry) { throw StoreError(.notReady(sequence), table: entry.table, record: entry.record) }
        entry.state = .inFlight
        entry.epoch = epoch
        entry.body = body
        entry.attempts += 1
        try save(entry)
    }

    /// Notes that an entry was sent and got no proper answer.
    package func markAmbiguous(_ sequence: Int64, _ failure: EntryFailure? = nil) throws {
        try change(sequence, from: [.inFlight, .ambiguous], to: .ambiguous, failure)
    }

    /// Notes that nobody can say whether the server has a create's record: the app decides. What waits for it is
    /// blocked.
    package func markUnresolved(_ sequence: Int64, _ failure: EntryFailure? = nil) throws {
        try change(sequence, from: [.inFlight, .ambiguous, .unresolved], to: .unresolved, failure)
    }

    /// Queues an entry again: it did not reach the server, or may safely be sent once more. It keeps its body, since
    /// what was sent is never edited.
    package func requeue(_ sequence: Int64, after failure: EntryFailure? = nil) throws {
        try change(sequence, from: [.inFlight, .ambiguous, .unresolved, .queued], to: .queued, failure)
    }

    /// Makes a dead letter of an entry that the server rejected; see `bury`.
    package func fail(_ sequence: Int64, because failure: EntryFailure) throws {
        try bury(try require(sequence, in: [.queued, .inFlight, .ambiguous, .unresolved]), because: failure)
    }

    private func change(
        _ sequence: Int64, from states: [OutboxEntry.State], to state: OutboxEntry.State, _ failure: EntryFailure?
    ) throws {
        var entry = try require(sequence, in: states)
        try touch(RecordKey(entry.table, entry.record))
        entry.state = state
        if let failure { entry.failure = failure }
        try save(entry)
    }
}

extension StoreSnapshot {
    /// Entries that may be sent now, in order: queued, the first live one of their record, naming no record that the
    /// server doesn't have. In a table with unique fields only the oldest, and none while one is on its way.
    ///
    /// - Parameter skipping: what the engine lets wait, so that it takes no room in the answer and holds nothing up.
    package func sendable(limit: Int, skipping: [SendableSkip] = []) throws -> [OutboxEntry] {
        var ready: [OutboxEntry] = []
        for table in try tablesWithEntries() {
            let skips = skipping.filter { $0.table.hasSameBytes(as: table) }
            if skips.contains(where: \.isWhole) { continue }
            let isOrdered = try facts(of: table)?.isOrdered ?? true
            let states = isOrdered ? "'queued', 'inFlight', 'ambiguous'" : "'queued'"
            let entries = try db.all(
                """
                SELECT \(Self.entryColumns) FROM sync_entries AS entry
                WHERE collection = ?1 AND state IN (\(states)) AND (state <> 'queued'
                    OR \(Self.ready)
                    \(skips.map(\.sql).joined()))
                ORDER BY sequence LIMIT ?2
                """, .text(table), .int(isOrdered ? 1 : limit), read: Self.entry)
            ready += entries.filter { $0.state == .queued }
        }
        return Array(ready.sorted { $0.sequence < $1.sequence }.prefix(limit))
    }

    /// Whether other records of a table have writes of an entry's kind that wait for the server.
    func hasOthersWaiting(beside entry: OutboxEntry) throws -> Bool {
        let sql = """
            SELECT 1 FROM sync_entries WHERE collection = ? AND state IN ('queued', 'inFlight', 'ambiguous')
                AND kind = ? AND record <> ? \(try andNotBlocked()) LIMIT 1
            """
        return try db.number(sql, .text(entry.table), .text(entry.kind.rawValue), .text(entry.record)) != 0
    }

    /// The condition that a queued entry, `entry`, is the first live one of its record and names no record that the
    /// server doesn't have.
    private static let ready = """
        NOT EXISTS (SELECT 1 FROM sync_edges WHERE sync_edges.entry = entry.sequence AND binds)
        AND NOT EXISTS (
            SELECT 1 FROM sync_entries AS earlier
            WHERE earlier.collection = entry.collection AND earlier.record = entry.record
                AND earlier.sequence < entry.sequence
                AND (earlier.state <> 'failed' OR earlier.kind = 'create'))
        """

    /// Whether a table has entries of a kind behind one that may be sent now.
    func hasQueued(_ table: String, _ kind: OutboxEntry.Kind, after sequence: Int64) throws -> Bool {
        let sql = """
            SELECT 1 FROM sync_entries AS entry
            WHERE collection = ? AND state = 'queued' AND kind = ? AND sequence > ? AND \(Self.ready) LIMIT 1
            """
        return try db.number(sql, .text(table), .text(kind.rawValue), .int(sequence)) != 0
    }
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
