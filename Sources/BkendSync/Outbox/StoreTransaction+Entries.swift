import BkendWire
import GRDB

/// Steps on single entries and their edges.
extension StoreTransaction {
    /// Appends an entry; what it names gets its edges.
    func append(
        _ kind: OutboxEntry.Kind, _ key: RecordKey, fields: JSONObject = [:], before: JSONObject = [:],
        clientKey: String? = nil
    ) throws -> OutboxEntry {
        let now = environment.now()
        var entry = OutboxEntry(
            sequence: 0, user: try owner, table: key.table, record: key.id, kind: kind, fields: fields, before: before,
            state: .queued, epoch: 0, body: nil, attempts: 0, failure: nil, madeTimestamp: now, changedAt: now,
            clientKey: clientKey, overwrites: [:])
        try db.perform(
            """
            INSERT INTO sync_entries
            (user, collection, record, kind, fields, before, state, made_at, changed_at, client_key)
            VALUES (?, ?, ?, ?, ?, ?, 'queued', ?, ?, ?)
            """, .text(entry.user), .text(key.table), .text(key.id), .text(kind.rawValue),
            .utf8(fields.serialized()), .utf8(before.serialized()), .int(now.milliseconds), .int(now.milliseconds),
            .optional(clientKey))
        entry.sequence = db.lastInsertedRowID
        touchesOutbox = true
        noteEntries()
        try setEdges(of: entry)
        return entry
    }

    /// Stores what may change in an entry; its edges are made anew.
    func save(_ entry: OutboxEntry) throws {
        try db.perform(
            """
            UPDATE sync_entries SET user = ?, fields = ?, before = ?, state = ?, epoch = ?, body = ?, attempts = ?,
                failure = ?, changed_at = ?, overwritten = ?
            WHERE sequence = ?
            """, .text(entry.user), .utf8(entry.fields.serialized()), .utf8(entry.before.serialized()),
            .text(entry.state.rawValue), .int(entry.epoch), entry.body.map { .utf8($0) } ?? .null,
            .int(entry.attempts), entry.failure.map { .utf8($0.json.serialized()) } ?? .null,
            .int(entry.changedAt.milliseconds),
            .utf8(entry.overwrites.serialized()), .int(entry.sequence))
        touchesOutbox = true
        try setEdges(of: entry)
    }

    /// Takes an entry out; its edges go with it.
    func remove(_ entry: OutboxEntry) throws {
        try db.perform("DELETE FROM sync_entries WHERE sequence = ?", .int(entry.sequence))
        touchesOutbox = true
        noteEntries()
    }

    /// The local ids, not yet known to the server, that fields name, each once, in the order met.
    ///
    /// - Throws: `StoreError` for the id of a discarded record, unless those are to be passed over.
    func localIDs(in fields: JSONObject, passingDiscarded: Bool = false) throws -> [String] {
        guard try hasAliases() else { return [] }
        var found: [String] = []
        for (field, value) in fields {
            try JSON.object([field: value]).visitStrings { text in
                guard let local = try resolution(of: text).local else { return }
                if local.state == .cancelled {
                    if passingDiscarded { return }
                    throw StoreError(.namesDiscardedRecord(text), field: field)
                }
                if !found.contains(where: { $0.hasSameBytes(as: local.localID) }) { found.append(local.localID) }
            }
        }
        return found
    }

    private func setEdges(of entry: OutboxEntry) throws {
        guard try hasAliases() else { return }
        try db.perform("DELETE FROM sync_edges WHERE entry = ?", .int(entry.sequence))
        let insert = "INSERT OR IGNORE INTO sync_edges (entry, local_id, binds) VALUES (?, ?, ?)"
        for id in try localIDs(in: entry.fields, passingDiscarded: true) {
            try db.perform(insert, .int(entry.sequence), .text(id), .int(1))
        }
        for id in try localIDs(in: entry.before, passingDiscarded: true) {
            try db.perform(insert, .int(entry.sequence), .text(id), .int(0))
        }
    }

    /// The entries that name a local id, in order: all of them, or those that wait for it.
    func entries(naming id: String, binding: Bool) throws -> [OutboxEntry] {
        try db.all(
            """
            SELECT \(Self.entryColumns) FROM sync_entries WHERE sequence IN
            (SELECT entry FROM sync_edges WHERE local_id = ? AND binds >= ?) ORDER BY sequence
            """, .text(id), .int(binding ? 1 : 0), read: Self.entry)
    }
}
