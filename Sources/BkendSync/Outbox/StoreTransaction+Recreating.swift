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
        let base = try storedBase(key).map { try DocumentReader.object($0) } ?? [:]
        for entry in live.dropFirst() { try remove(entry) }
        create.fields = try resolve(visible.filtered { field, _ in !isReserved(field) })
        create.before = base.filtered { field, _ in !isReserved(field) }
        create.state = .queued
        create.body = nil
        create.attempts = 0
        try db.perform(
            "UPDATE sync_entries SET kind = 'create', client_key = ? WHERE sequence = ?", .text(clientKey),
            .int(create.sequence))
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
        try reblock()
        try rebuild(key, base: nil)
        return true
    }

    /// Whether a row that bears a waiting create's key was made by another device: several may make a deleted record
    /// again, and the server takes the first.
    func isMadeElsewhere(_ row: AnswerRow, _ create: OutboxEntry) throws -> Bool {
        guard Self.isRecreation(create) else { return false }
        let document = try row.document()
        return create.fields.contains { field, value in !(document[field]?.says(sameAs: value) ?? false) }
    }

    /// Keeps, as before-images, what was sent of fields that are set again: a create that was retried or mended may be
    /// on the server as it was sent first.
    func noteSent(_ fields: JSONObject, in create: inout OutboxEntry) {
        guard create.kind == .create, create.attempts > 0, !Self.isRecreation(create) else { return }
        for (field, _) in fields where create.before[field] == nil {
            create.before[field] = create.fields[field] ?? .null
        }
    }

    /// What is left to do of a create when the row isn't what it says, because another device has made the record again
    /// or it was edited after it was sent: an update with the fields that were changed here and that the row doesn't
    /// have; nil for none.
    func rest(of create: OutboxEntry, on row: JSONObject) throws -> OutboxEntry? {
        var rest = create
        let isRecreation = Self.isRecreation(create)
        rest.fields = create.fields.filtered { field, mine in
            let isChanged = create.before[field].map { !$0.says(sameAs: mine) } ?? isRecreation
            return isChanged && !(row[field]?.says(sameAs: mine) ?? false)
        }
        if rest.fields.isEmpty { return nil }
        rest.before = create.before.filtered { field, _ in rest.fields[field] != nil }
        rest.state = .queued
        rest.body = nil
        try db.perform(
            "UPDATE sync_entries SET kind = 'update', client_key = NULL WHERE sequence = ?", .int(create.sequence))
        return rest
    }

    private static func recreatedKey(of id: String) -> String { "re-" + id }

    static func isRecreation(_ create: OutboxEntry) -> Bool {
        create.clientKey?.hasSameBytes(as: recreatedKey(of: create.record)) == true
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
