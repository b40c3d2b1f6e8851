import BkendDocuments
import BkendWire

/// Records that were deleted elsewhere and are made again (sync.md, "Push").
extension StoreTransaction {
    /// A record was deleted elsewhere and is to be made again: its waiting updates become one create with all its
    /// fields and the key `re-` and its old id. Its before-images are all that the server had, so that what was changed
    /// here is still known. False when no update waits, or a delete does.
    package func recreate(_ table: String, _ id: String) throws -> Bool {
        let key = RecordKey(table, try resolve(id))
        let live = try lane(key).filter(\.isLive)
        let position = try touch(key)
        guard var create = live.first, create.kind == .update, let text = touched[position].now else { return false }
        let visible = try DocumentReader.object(text)
        let clientKey = Self.recreatedKey(of: key.id)
        let takesKey = try facts(of: table)?.takesExtraFields ?? true
        let base = try storedBase(key).map { try DocumentReader.object($0) } ?? [:]
        for entry in live.dropFirst() { try remove(entry) }
        create.fields = try resolve(visible.filtered { field, _ in !isReserved(field) })
        create.before = base.filtered { field, _ in !isReserved(field) }
        create.state = .queued
        create.body = nil
        create.attempts = 0
        try db.perform(
            "UPDATE sync_entries SET kind = 'create', client_key = ? WHERE sequence = ?",
            takesKey ? .text(clientKey) : .null, .int(create.sequence))
        try db.perform(
            """
            INSERT OR REPLACE INTO sync_aliases (local_id, collection, user, client_key, state)
            VALUES (?, ?, ?, ?, 'pending')
            """, .text(key.id), .text(table), .text(create.user), .text(clientKey))
        noteAliases()
        try save(create)
        try db.perform(
            "DELETE FROM sync_members WHERE record = ? AND \(Self.isMemberOfTable)", .text(key.id), .text(table))
        // Writes that named the record by the id that it had wait for its new one.
        for entry in try entries(containing: key.id) where entry.sequence != create.sequence { try save(entry) }
        try putOff(&create)
        try rebuild(key, base: nil)
        // What was asked for before says nothing about what is there now.
        try settle(key, isDeleted: false)
        return true
    }

    /// Whether a row that bears a waiting create's key was made by another device: several may make a deleted record
    /// again, and the server takes the first.
    func isMadeElsewhere(_ row: AnswerRow, _ create: OutboxEntry) throws -> Bool {
        guard try isRecreation(create) else { return false }
        let document = try row.document()
        return create.fields.contains { field, value in !(document[field]?.says(sameAs: value) ?? false) }
    }

    /// Keeps, as before-images, what was sent of fields that are set again: a create that was retried or mended may be
    /// on the server as it was sent first.
    func noteSent(_ fields: JSONObject, in create: inout OutboxEntry) throws {
        guard create.kind == .create, create.attempts > 0, try !isRecreation(create) else { return }
        for (field, _) in fields where create.before[field] == nil {
            create.before[field] = create.fields[field] ?? .null
        }
    }

    /// What is left to do of a create when the row isn't what it says, because another device has made the record again
    /// or it was edited after it was sent: an update with the fields that were changed here and that the row doesn't
    /// have; nil for none.
    func rest(of create: OutboxEntry, on row: JSONObject) throws -> OutboxEntry? {
        var rest = create
        let isRecreation = try isRecreation(create)
        rest.fields = create.fields.filtered { field, mine in
            let isChanged = create.before[field].map { !$0.says(sameAs: mine) } ?? isRecreation
            return isChanged && !(row[field]?.says(sameAs: mine) ?? false)
        }
        if rest.fields.isEmpty { return nil }
        rest.before = create.before.filtered { field, _ in rest.fields[field] != nil }
        rest.kind = .update
        rest.clientKey = nil
        rest.state = .queued
        rest.body = nil
        try db.perform(
            "UPDATE sync_entries SET kind = 'update', client_key = NULL WHERE sequence = ?", .int(create.sequence))
        return rest
    }

    static func recreatedKey(of id: String) -> String { "re-" + id }

    /// Whether a create makes a record again that was the server's.
    func isRecreation(_ create: OutboxEntry) throws -> Bool {
        try alias(create.record)?.clientKey?.hasSameBytes(as: Self.recreatedKey(of: create.record)) == true
    }

    /// The create that makes a record again which a row shows to be there, from a backup for example; nil for none, and
    /// while it may be on the server under a new id.
    func callable(_ key: RecordKey) throws -> OutboxEntry? {
        try lane(key).first { create in
            guard create.kind == .create, try isRecreation(create) else { return false }
            return create.state != .inFlight && create.state != .ambiguous
        }
    }

    /// Whether a record was to be made again and turned out to be there.
    func isCalledOff(_ table: String, _ id: String) throws -> Bool {
        guard let alias = try alias(Self.recreatedKey(of: id)) else { return false }
        return alias.state == .completed && alias.table.hasSameBytes(as: table)
    }

    /// The record needs not be made again: what was changed here is an update of the row, rejected where the create was.
    func callOff(_ create: OutboxEntry, for row: AnswerRow) throws {
        let key = RecordKey(create.table, create.record)
        try touch(key)
        let document = try row.document()
        let waiting = try entries(naming: create.record, binding: false)
        var settled = create
        if var rest = try rest(of: create, on: document) {
            // What was refused waits for the app's word.
            if create.state == .failed {
                rest.state = .failed
                rest.overwrites = try overwrites(of: rest)
            } else {
                rest.failure = nil
                settled.fields = create.fields.filtered { field, _ in rest.fields[field] == nil }
            }
            try save(rest)
        } else {
            try remove(create)
        }
        for (field, image) in create.before where create.fields[field] == nil { settled.fields[field] = image }
        try takeBack(from: create)
        try retakeImages(behind: settled) { document[$0].map { .value($0) } ?? .unknown }
        if create.attempts > 0, create.clientKey != nil {
            // What was sent may turn up yet, as a copy.
            try db.perform(
                """
                UPDATE OR REPLACE sync_aliases SET local_id = client_key, server_id = local_id, state = 'completed'
                WHERE local_id = ? AND collection = ?
                """, .text(key.id), .text(key.table))
        } else {
            try db.perform(
                "DELETE FROM sync_aliases WHERE local_id = ? AND collection = ?", .text(key.id), .text(key.table))
        }
        noteAliases()
        // What names the record waits for it no longer.
        for sequence in waiting.map(\.sequence) { if let entry = try storedEntry(sequence) { try save(entry) } }
        try unsettle(key)
        try rebuild(key, base: row.text)
    }

    /// Of what was put off, takes out again what was not changed here.
    private func takeBack(from create: OutboxEntry) throws {
        for var later in try lane(RecordKey(create.table, create.record)) where later.isPutOff(behind: create) {
            later.fields = later.fields.filtered { field, value in
                guard later.before[field] == nil, let image = create.before[field] else { return true }
                return !image.says(sameAs: value)
            }
            if later.fields.isEmpty { try remove(later) } else { try save(later) }
        }
    }

    /// A record may name itself, or one whose create waits for it. Its own create can't wait for that: such fields
    /// follow as an update, when the id is known.
    private func putOff(_ create: inout OutboxEntry) throws {
        let id = create.record
        let later = try create.fields.filtered { field, value in
            try localIDs(in: [field: value], passingDiscarded: true).contains { try leads(from: $0, to: id) }
        }
        if later.isEmpty { return }
        create.fields = create.fields.filtered { field, _ in later[field] == nil }
        try save(create)
        _ = try append(.update, RecordKey(create.table, id), fields: later)
    }
}

extension OutboxEntry {
    /// Whether it may hold fields of a create that had to wait for its own id.
    fileprivate func isPutOff(behind create: OutboxEntry) -> Bool {
        sequence > create.sequence && kind == .update && isUnsent
    }
}
