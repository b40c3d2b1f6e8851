import BkendWire

/// How a record gets another id: its create becomes the server's record, or the server has it under a new one.
package struct Adopting: StorePart {
    let store: StoreTransaction

    /// Takes the server's record for a create's: one transaction renames the record and whatever names it, and the
    /// create is done.
    ///
    /// - Throws: `StoreError` for a row that is no record.
    @discardableResult
    package func adopt(_ sequence: Int64, row: [UInt8]) throws -> Bool {
        guard let create = try store.outbox.storedEntry(sequence), create.kind == .create else { return false }
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
        try store.changes.touch(old)
        let base = try newer(row, than: store.lanes.serverWord(on: new))
        let rest =
            try isMadeElsewhere || !isAnswer && !create.before.isEmpty
            ? store.recreating.rest(of: create, on: document) : nil
        if let rest { try store.outbox.save(rest) } else { try store.outbox.remove(create) }
        try store.aliases.complete(old.id, as: new.id)
        try moveRows(from: old, to: new)
        var moved = create
        moved.record = new.id
        let renaming =
            try create.isOfFile ? renaming(ofFile: old.id, document) : Renaming(old.id, to: new.id)
        let named = try rename(
            old.id, renaming, wasServers: !create.isOfFile && store.recreating.isRecreation(create))
        // What was written after it was written on what it says, not on another device's row.
        if !isMadeElsewhere {
            // Fields that are still to be set are set before what stands behind.
            if let rest { moved.fields = moved.fields.filtered { field, _ in rest.fields[field] == nil } }
            try store.lanes.retakeImages(behind: moved) { document[$0].map { .value($0) } ?? .unknown }
        }
        try store.changes.moveHistory(from: old, to: new)
        try store.lanes.rebuild(new, base: base, joining: true)
        for key in named where key != new { try store.lanes.rebuild(key, base: try store.lanes.serverWord(on: key)) }
        try store.settled.note(new, isDeleted: false)
    }

    /// The server has a record of this device's under another id than it said: it was imported anew, for example. From
    /// now on the row is the record, with what waits for it; whatever was given the former id leads to it.
    ///
    /// - Parameters:
    ///   - original: the id that the server gave the record.
    ///   - isGone: whether the server has no record of that id any more; else that one is another record from now on.
    package func readopt(_ original: String, as row: AnswerRow, table: String, isGone: Bool) throws {
        guard let alias = try store.keys.alias(of: row, table: table) else { return }
        let old = RecordKey(table, original)
        let new = RecordKey(table, row.id)
        guard isGone else {
            return try store.aliases.lead(alias.localID, to: new.id)
        }
        try store.changes.touch(old)
        let base = try newer(row, than: store.lanes.serverWord(on: new))
        // It may have been the record's id before.
        try store.aliases.release(new)
        let isKnown = try store.outbox.lastLive(new) != nil
        try store.aliases.move(old, to: new.id, as: alias)
        // A record that isn't kept here has only its ids.
        guard try store.changes.now(old) != nil || !store.outbox.lane(old).isEmpty else { return }
        var named: [RecordKey] = []
        for var entry in try store.outbox.entries(containing: old.id) {
            entry.fields = try store.aliases.resolve(entry.fields)
            try store.outbox.save(entry)
            let key = RecordKey(entry.table, entry.record)
            if key != old, !named.contains(key) { named.append(key) }
        }
        for key in named { try store.changes.touch(key) }
        try moveRows(from: old, to: new)
        // Two lanes have become one, so other entries may be blocked.
        if isKnown { store.touchesOutbox = true }
        try store.changes.moveHistory(from: old, to: new)
        try store.lanes.rebuild(new, base: base, joining: true)
        for key in named { try store.lanes.rebuild(key, base: try store.lanes.serverWord(on: key)) }
        try store.settled.note(new, isDeleted: false)
    }

    // MARK: Steps

    /// Of an answer and what is known, what the server said last.
    func newer(_ row: AnswerRow, than known: [UInt8]?) throws -> [UInt8] {
        guard let known, try row.isOlder(than: DocumentReader.object(known)) else { return row.text }
        return known
    }

    func moveRows(from old: RecordKey, to new: RecordKey) throws {
        try store.outbox.move(from: old, to: new)
        try store.members.move(from: old, to: new)
        try store.reports.move(from: old, to: new)
        try store.documents.dropBase(of: old)
    }

    /// The server has a file: its three ids, from the first one and the server's record of it.
    private func renaming(ofFile local: String, _ record: JSONObject) throws -> Renaming {
        guard let file = try store.files.file(local), let id = record[SystemField.id.rawValue]?.stringValue else {
            return Renaming(local, to: record[SystemField.id.rawValue]?.stringValue ?? local)
        }
        let issued = file.upload?.key
        let key = (record["s3Key"] ?? record["key"])?.stringValue ?? issued?.key ?? file.key
        let url = record["url"]?.stringValue ?? issued?.plainURL ?? file.url
        try store.aliases.complete(file.key, as: key)
        try store.aliases.complete(file.url, as: url)
        try store.files.complete(local, as: (id, key, url))
        try store.downloads.noteOrigin(of: url)
        return Renaming(ofFile: [(local, id), (file.key, key), (file.url, url)])
    }

    /// Writes the present ids into the entries that name a local one; the records they belong to, in order.
    /// No other id is touched: a before-image is what the server has, and that may hold an old one.
    ///
    /// `wasServers`: the record was deleted elsewhere and made again, so what the server has may name it by its old id
    /// still. Then only those before-images are renamed that an earlier entry's fields give.
    private func rename(_ local: String, _ renamed: Renaming, wasServers: Bool) throws -> [RecordKey] {
        var keys: [RecordKey] = []
        for var entry in try store.outbox.entries(naming: local, binding: false) {
            let key = RecordKey(entry.table, entry.record)
            entry.fields = entry.fields.mapStrings { renamed($0) }
            if renamed.names.contains(where: { entry.overwrites[$0.from] != nil }) {
                entry.overwrites = entry.overwrites.mapStrings { renamed($0) }
            }
            if wasServers {
                let earlier = try store.outbox.lane(key).filter { $0.sequence < entry.sequence && $0.isLive }
                entry.before = JSONObject(
                    entry.before.map { field, image in
                        earlier.contains { $0.fields[renamed(field)] != nil }
                            ? (renamed(field), image.mapStrings { renamed($0) }) : (field, image)
                    })
            } else {
                entry.before = entry.before.mapStrings { renamed($0) }
            }
            if !keys.contains(key) {
                try store.changes.touch(key)
                keys.append(key)
            }
            try store.outbox.save(entry)
        }
        return keys
    }
}

extension StoreTransaction {
    /// How a record gets another id.
    package var adopting: Adopting { Adopting(store: self) }
}
