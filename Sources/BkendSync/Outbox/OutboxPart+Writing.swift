import BkendWire
import GRDB

/// Steps on single entries and their edges.
extension OutboxPart where Store == StoreTransaction {
    /// Appends an entry; what it names gets its edges.
    func append(
        _ kind: OutboxEntry.Kind, _ key: RecordKey, fields: JSONObject = [:], before: JSONObject = [:],
        clientKey: String? = nil
    ) throws -> OutboxEntry {
        let now = store.environment.now()
        var entry = OutboxEntry(
            sequence: 0, user: try store.owner, table: key.table, record: key.id, kind: kind, fields: fields,
            before: before,
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
        store.touchesOutbox = true
        store.noteEntries()
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
        store.touchesOutbox = true
        try setEdges(of: entry)
    }

    /// Takes an entry out; its edges go with it.
    func remove(_ entry: OutboxEntry) throws {
        try db.perform("DELETE FROM sync_entries WHERE sequence = ?", .int(entry.sequence))
        store.touchesOutbox = true
        store.noteEntries()
    }

    /// The local ids, not yet known to the server, that fields name, each once, in the order met; of a file the first of
    /// its ids, whichever stands there.
    ///
    /// - Throws: `StoreError` for the id of a discarded record, unless those are to be passed over.
    func localIDs(in fields: JSONObject, passingDiscarded: Bool = false) throws -> [String] {
        guard try store.hasAliases() else { return [] }
        var found: [String] = []
        for (field, value) in fields {
            try JSON.object([field: value]).visitStrings { text in
                for local in try store.aliases.named(in: text) {
                    if local.state == .cancelled {
                        if passingDiscarded { continue }
                        throw StoreError(.namesDiscardedRecord(local.localID), field: field)
                    }
                    let id = local.file ?? local.localID
                    if !found.contains(where: { $0.hasSameBytes(as: id) }) { found.append(id) }
                }
            }
        }
        return found
    }

    private func setEdges(of entry: OutboxEntry) throws {
        guard try store.hasAliases() else { return }
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
            SELECT \(EntrySQL.columns) FROM sync_entries WHERE sequence IN
            (SELECT entry FROM sync_edges WHERE local_id = ? AND binds >= ?) ORDER BY sequence
            """, .text(id), .int(binding ? 1 : 0), read: EntrySQL.entry)
    }

    /// The entries that contain a text in what they set or replace, in order.
    func entries(containing id: String) throws -> [OutboxEntry] {
        try db.all(
            """
            SELECT \(EntrySQL.columns) FROM sync_entries WHERE instr(fields, ?1) OR instr(before, ?1)
            ORDER BY sequence
            """, .text(id), read: EntrySQL.entry)
    }

    /// An entry that is in one of some states.
    ///
    /// - Throws: `StoreError` for no such entry, or another state.
    func require(_ sequence: Int64, in states: [OutboxEntry.State]) throws -> OutboxEntry {
        guard let entry = try storedEntry(sequence) else { throw StoreError(.noSuchEntry(sequence)) }
        guard states.contains(entry.state) else { throw try wrongState(entry) }
        return entry
    }

    /// The error of an operation that an entry's state, as it is shown, doesn't allow.
    func wrongState(_ entry: OutboxEntry) throws -> StoreError {
        let state = try self.entry(entry.sequence)?.state ?? entry.state
        return StoreError(.wrongState(entry.sequence, state), table: entry.table, record: entry.record)
    }

    // MARK: What an entry is

    /// Makes an update a create, with the key that it sends, nil for none.
    func turnIntoCreate(_ entry: OutboxEntry, key: String?) throws {
        try db.perform(
            "UPDATE sync_entries SET kind = 'create', client_key = ? WHERE sequence = ?",
            .optional(key), .int(entry.sequence))
    }

    /// Makes a create an update.
    func turnIntoUpdate(_ entry: OutboxEntry) throws {
        try db.perform(
            "UPDATE sync_entries SET kind = 'update', client_key = NULL WHERE sequence = ?", .int(entry.sequence))
    }

    /// Takes the key out of a create.
    func dropKey(of create: OutboxEntry) throws {
        try db.perform("UPDATE sync_entries SET client_key = NULL WHERE sequence = ?", .int(create.sequence))
    }

    /// The entries of a record are another record's from now on.
    func move(from old: RecordKey, to new: RecordKey) throws {
        try db.perform(
            "UPDATE sync_entries SET record = ? WHERE collection = ? AND record = ?", .text(new.id), .text(old.table),
            .text(old.id))
    }

    /// Nothing waits for a local id's create any more.
    func dropEdges(to id: String) throws { try db.perform("DELETE FROM sync_edges WHERE local_id = ?", .text(id)) }

    // MARK: All entries

    /// What an earlier leader had in flight is ambiguous.
    func loseFlights(before epoch: Int64) throws {
        try db.perform(
            "UPDATE sync_entries SET state = 'ambiguous' WHERE \(EntrySQL.isIn(.inFlight)) AND epoch < ?", .int(epoch))
        store.touchesOutbox = true
    }

    /// All entries are this user's from now on.
    func take(over user: String) throws { try db.perform("UPDATE sync_entries SET user = ?", .text(user)) }

    /// Appends an entry of a guest's store as it is there, but for its fields: they need edges, so that it is to be saved
    /// next.
    func appendTaken(_ entry: OutboxEntry) throws -> Int64 {
        try db.perform(
            """
            INSERT INTO sync_entries (user, collection, record, kind, fields, before, state, made_at, changed_at, client_key)
            VALUES (?, ?, ?, ?, '{}', '{}', ?, ?, ?, ?)
            """, .text(entry.user), .text(entry.table), .text(entry.record), .text(entry.kind.rawValue),
            .text(entry.state.rawValue), .int(entry.madeTimestamp.milliseconds), .int(entry.changedAt.milliseconds),
            .optional(entry.clientKey))
        store.noteEntries()
        return db.lastInsertedRowID
    }

    // MARK: Decisions

    /// Notes that the app has decided something about an entry or a subscription: the engine is to look.
    func noteDecision() throws {
        try store.setMeta("decisions", "\(try decisions + 1)")
        store.touchesOutbox = true
    }
}

extension OutboxPart {
    /// How often the app has decided something about an entry or a subscription.
    var decisions: Int64 { get throws { Int64(try store.meta("decisions") ?? "") ?? 0 } }
}
