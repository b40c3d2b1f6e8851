import BkendWire

/// What the server's answers do to entries. Each answers false when the entry is gone already: a row that was pulled
/// meanwhile may have told the same.
extension StoreTransaction {
    /// Takes the server's record for a create's: one transaction renames the record and whatever names it, and the
    /// create is done.
    ///
    /// - Throws: `StoreError` for a row that is no record.
    @discardableResult
    package func adopt(_ sequence: Int64, row: [UInt8]) throws -> Bool {
        guard let create = try storedEntry(sequence), create.kind == .create else { return false }
        // The answer to what it says now: nothing of it is left.
        try adopt(create, try AnswerRow(row, table: create.table), isAnswer: true)
        return true
    }

    /// `isMadeElsewhere`: another device of this user made the row, under the same key of an old id. `isAnswer`: the row
    /// is the answer to the create as it is now.
    func adopt(
        _ create: OutboxEntry, _ row: AnswerRow, isMadeElsewhere: Bool = false, isAnswer: Bool = false
    ) throws {
        let document = try row.document()
        let old = RecordKey(create.table, create.record)
        let new = RecordKey(create.table, row.id)
        try touch(old)
        let base = try newer(row, than: serverWord(on: new))
        let rest = try isMadeElsewhere || !isAnswer && !create.before.isEmpty ? rest(of: create, on: document) : nil
        if let rest { try save(rest) } else { try remove(create) }
        try db.perform(
            "UPDATE sync_aliases SET server_id = ?, state = 'completed' WHERE local_id = ?", .text(new.id),
            .text(old.id))
        try db.perform("UPDATE sync_aliases SET server_id = ? WHERE server_id = ?", .text(new.id), .text(old.id))
        noteAliases()
        try moveRows(from: old, to: new)
        var moved = create
        moved.record = new.id
        let named = try rename(old.id, to: new.id, wasServers: isRecreation(create))
        // What was written after it was written on what it says, not on another device's row.
        if !isMadeElsewhere {
            // Fields that are still to be set are set before what stands behind.
            if let rest { moved.fields = moved.fields.filtered { field, _ in rest.fields[field] == nil } }
            try retakeImages(behind: moved) { document[$0].map { .value($0) } ?? .unknown }
        }
        try moveHistory(from: old, to: new)
        try rebuild(new, base: base, joining: true)
        for key in named where key != new { try rebuild(key, base: try serverWord(on: key)) }
        try settle(new, isDeleted: false)
    }

    /// The server's answer to an update: it is the new base, and the entries behind take their before-images from it.
    ///
    /// - Throws: `StoreError` for a row that is no record, or another one.
    @discardableResult
    package func completeUpdate(_ sequence: Int64, row: [UInt8]) throws -> Bool {
        guard let entry = try storedEntry(sequence) else { return false }
        let row = try AnswerRow(row, table: entry.table)
        let document = try row.document()
        let key = RecordKey(entry.table, entry.record)
        guard row.id.hasSameBytes(as: key.id) else {
            throw StoreError(.malformedRow("its id is \(row.id) instead"), table: key.table, record: key.id)
        }
        let base = try newer(row, than: serverWord(on: key))
        try remove(entry)
        if entry.isLive { try retakeImages(behind: entry) { document[$0].map { .value($0) } ?? .unknown } }
        try rebuild(key, base: base, joining: true)
        try settle(key, isDeleted: false)
        return true
    }

    /// The server has deleted the record, or says that there is none.
    @discardableResult
    package func completeDelete(_ sequence: Int64) throws -> Bool {
        guard let entry = try storedEntry(sequence) else { return false }
        try erase(RecordKey(entry.table, entry.record), dropping: [entry])
        return true
    }

    /// A record was deleted elsewhere and stays deleted: it goes, with the entries that were to change it.
    ///
    /// - Returns: those entries, for the report.
    @discardableResult
    package func gone(_ table: String, _ id: String) throws -> [OutboxEntry] {
        let key = RecordKey(table, try resolve(id))
        let entries = try lane(key).filter(\.isLive)
        // A create that waits is not touched by what the server doesn't have.
        if entries.first?.kind == .create { return [] }
        try erase(key, dropping: entries)
        return entries
    }

    /// A conflict is decided: an update goes on with these fields, on the server's present document. Without any it is
    /// done. For a delete no fields mean that the record stays.
    package func rebase(_ sequence: Int64, onto row: [UInt8], fields: JSONObject) throws {
        var entry = try require(sequence, in: [.queued, .ambiguous, .inFlight])
        let row = try AnswerRow(row, table: entry.table)
        let document = try row.document()
        let key = RecordKey(entry.table, entry.record)
        try touch(key)
        var dropped = entry
        dropped.fields = entry.fields.filtered { field, _ in fields[field] == nil }
        if fields.isEmpty {
            try remove(entry)
        } else {
            entry.fields = try resolve(fields)
            entry.before = document.filtered { field, _ in fields[field] != nil }
            entry.state = .queued
            try save(entry)
        }
        try retakeImages(behind: dropped) { document[$0].map { .value($0) } ?? .unknown }
        try rebuild(key, base: row.text, joining: fields.isEmpty)
    }

    /// A deletion goes on though the record was changed elsewhere: what was changed is known from now on.
    package func retakeImage(ofDelete sequence: Int64, row: [UInt8]) throws {
        var entry = try require(sequence, in: [.queued, .ambiguous, .inFlight])
        let document = try DocumentReader.object(row)
        let key = RecordKey(entry.table, entry.record)
        try touch(key)
        for (field, image) in document where entry.before[field] != nil { entry.before[field] = image }
        try save(entry)
        try rebuild(key, base: row)
    }

    // MARK: Steps

    private func erase(_ key: RecordKey, dropping entries: [OutboxEntry]) throws {
        try touch(key)
        for entry in entries { try remove(entry) }
        for waiting in try lane(key) where waiting.isLive {
            // An earlier one has given it other before-images.
            guard let entry = try storedEntry(waiting.sequence) else { continue }
            try bury(entry, because: EntryFailure(code: "data/not-found", message: "the record was deleted"))
        }
        try db.perform(
            "DELETE FROM sync_members WHERE record = ? AND \(Self.isMemberOfTable)", .text(key.id), .text(key.table))
        try rebuild(key, base: nil)
        try settle(key, isDeleted: true)
    }

    /// Of an answer and what is known, what the server said last.
    func newer(_ row: AnswerRow, than known: [UInt8]?) throws -> [UInt8] {
        guard let known, try row.isOlder(than: DocumentReader.object(known)) else { return row.text }
        return known
    }

    func moveRows(from old: RecordKey, to new: RecordKey) throws {
        try db.perform(
            "UPDATE sync_entries SET record = ? WHERE collection = ? AND record = ?", .text(new.id), .text(old.table),
            .text(old.id))
        try db.perform(
            "UPDATE OR REPLACE sync_members SET record = ? WHERE record = ? AND \(Self.isMemberOfTable)",
            .text(new.id), .text(old.id), .text(old.table))
        try db.perform(
            "UPDATE sync_reports SET record = ? WHERE collection = ? AND record = ?", .text(new.id), .text(old.table),
            .text(old.id))
        try db.perform("DELETE FROM sync_bases WHERE collection = ? AND record = ?", .text(old.table), .text(old.id))
    }

    /// Writes the present id into the entries that name a local one; the records they belong to, in order.
    /// No other id is touched: a before-image is what the server has, and that may hold an old one.
    ///
    /// `wasServers`: the record was deleted elsewhere and made again, so what the server has may name it by its old id
    /// still. Then only those before-images are renamed that an earlier entry's fields give.
    private func rename(_ local: String, to id: String, wasServers: Bool) throws -> [RecordKey] {
        func renamed(_ text: String) -> String { text.hasSameBytes(as: local) ? id : text }
        var keys: [RecordKey] = []
        for var entry in try entries(naming: local, binding: false) {
            let key = RecordKey(entry.table, entry.record)
            entry.fields = entry.fields.mapStrings(renamed)
            if entry.overwrites[local] != nil { entry.overwrites = entry.overwrites.mapStrings(renamed) }
            if wasServers {
                let earlier = try lane(key).filter { $0.sequence < entry.sequence && $0.isLive }
                entry.before = JSONObject(
                    entry.before.map { field, image in
                        earlier.contains { $0.fields[renamed(field)] != nil }
                            ? (renamed(field), image.mapStrings(renamed)) : (field, image)
                    })
            } else {
                entry.before = entry.before.mapStrings(renamed)
            }
            if !keys.contains(key) {
                try touch(key)
                keys.append(key)
            }
            try save(entry)
        }
        return keys
    }

    func entries(containing id: String) throws -> [OutboxEntry] {
        try db.all(
            """
            SELECT \(Self.entryColumns) FROM sync_entries WHERE instr(fields, ?1) OR instr(before, ?1)
            ORDER BY sequence
            """, .text(id), read: Self.entry)
    }
}
