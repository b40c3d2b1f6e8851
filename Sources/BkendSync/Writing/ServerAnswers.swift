import BkendWire

/// What the server's answers do to entries. Each answers false when the entry is gone already: a row that was pulled
/// meanwhile may have told the same.
package struct ServerAnswers: StorePart {
    let store: StoreTransaction

    /// The server's answer to an update: it is the new base, and the entries behind take their before-images from it.
    ///
    /// - Throws: `StoreError` for a row that is no record, or another one.
    @discardableResult
    package func completeUpdate(_ sequence: Int64, row: [UInt8]) throws -> Bool {
        guard let entry = try store.outbox.storedEntry(sequence) else { return false }
        let row = try AnswerRow(row, table: entry.table)
        let document = try row.document()
        let key = RecordKey(entry.table, entry.record)
        guard row.id.hasSameBytes(as: key.id) else {
            throw StoreError(.malformedRow("its id is \(row.id) instead"), table: key.table, record: key.id)
        }
        let base = try store.adopting.newer(row, than: store.lanes.serverWord(on: key))
        try store.outbox.remove(entry)
        if entry.isLive { try store.lanes.retakeImages(behind: entry) { document[$0].map { .value($0) } ?? .unknown } }
        try store.lanes.rebuild(key, base: base, joining: true)
        try store.settled.note(key, isDeleted: false)
        return true
    }

    /// The server has deleted the record, or says that there is none.
    @discardableResult
    package func completeDelete(_ sequence: Int64) throws -> Bool {
        guard let entry = try store.outbox.storedEntry(sequence) else { return false }
        try erase(RecordKey(entry.table, entry.record), dropping: [entry])
        return true
    }

    /// A record was deleted elsewhere and stays deleted: it goes, with the entries that were to change it.
    ///
    /// - Returns: those entries, for the report.
    @discardableResult
    package func gone(_ table: String, _ id: String) throws -> [OutboxEntry] {
        let key = RecordKey(table, try store.aliases.resolve(id))
        let entries = try store.outbox.lane(key).filter(\.isLive)
        // A create that waits is not touched by what the server doesn't have.
        if entries.first?.kind == .create { return [] }
        try erase(key, dropping: entries)
        return entries
    }

    /// A conflict is decided: an update goes on with these fields, on the server's present document. Without any it is
    /// done. For a delete no fields mean that the record stays.
    package func rebase(_ sequence: Int64, onto row: [UInt8], fields: JSONObject) throws {
        var entry = try store.outbox.require(sequence, in: [.queued, .ambiguous, .inFlight])
        let row = try AnswerRow(row, table: entry.table)
        let document = try row.document()
        let key = RecordKey(entry.table, entry.record)
        try store.changes.touch(key)
        var dropped = entry
        dropped.fields = entry.fields.filtered { field, _ in fields[field] == nil }
        if fields.isEmpty {
            try store.outbox.remove(entry)
        } else {
            entry.fields = try store.aliases.resolve(fields)
            entry.before = document.filtered { field, _ in fields[field] != nil }
            entry.state = .queued
            try store.outbox.save(entry)
        }
        try store.lanes.retakeImages(behind: dropped) { document[$0].map { .value($0) } ?? .unknown }
        try store.lanes.rebuild(key, base: row.text, joining: fields.isEmpty)
    }

    /// A deletion goes on though the record was changed elsewhere: what was changed is known from now on.
    package func retakeImage(ofDelete sequence: Int64, row: [UInt8]) throws {
        var entry = try store.outbox.require(sequence, in: [.queued, .ambiguous, .inFlight])
        let document = try DocumentReader.object(row)
        let key = RecordKey(entry.table, entry.record)
        try store.changes.touch(key)
        for (field, image) in document where entry.before[field] != nil { entry.before[field] = image }
        try store.outbox.save(entry)
        try store.lanes.rebuild(key, base: row)
    }

    // MARK: Steps

    private func erase(_ key: RecordKey, dropping entries: [OutboxEntry]) throws {
        try store.changes.touch(key)
        for entry in entries { try store.outbox.remove(entry) }
        for waiting in try store.outbox.lane(key) where waiting.isLive {
            // An earlier one has given it other before-images.
            guard let entry = try store.outbox.storedEntry(waiting.sequence) else { continue }
            try store.rejecting.bury(
                entry, because: EntryFailure(code: "data/not-found", message: "the record was deleted"))
        }
        try store.members.remove(key)
        if FileTable.isName(key.table) { try store.files.remove(key.id) }
        try store.lanes.rebuild(key, base: nil)
        try store.settled.note(key, isDeleted: true)
        try store.forgetting.gone(key)
    }
}

extension StoreTransaction {
    /// What the server's answers do to entries.
    package var answers: ServerAnswers { ServerAnswers(store: self) }
}
