import BkendWire

/// Records that were deleted elsewhere and are made again (sync.md, "Push").
package struct Recreating: StorePart {
    let store: StoreTransaction

    /// A record was deleted elsewhere and is to be made again: its waiting updates become one create with all its
    /// fields and the key `re-` and its old id. Its before-images are all that the server had, so that what was changed
    /// here is still known. False when no update waits, or a delete does.
    package func recreate(_ table: String, _ id: String) throws -> Bool {
        let key = RecordKey(table, try store.aliases.resolve(id))
        let live = try store.outbox.lane(key).filter(\.isLive)
        let now = try store.changes.now(key)
        guard var create = live.first, create.kind == .update, let text = now else {
            return false
        }
        let visible = try DocumentReader.object(text)
        let clientKey = Alias.recreatedKey(of: key.id)
        let takesKey = try store.facts.of(table)?.takesExtraFields ?? true
        let base = try store.documents.storedBase(key).map { try DocumentReader.object($0) } ?? [:]
        for entry in live.dropFirst() { try store.outbox.remove(entry) }
        create.fields = try store.aliases.resolve(visible.filtered { field, _ in !store.writes.isReserved(field) })
        create.before = base.filtered { field, _ in !store.writes.isReserved(field) }
        create.state = .queued
        create.body = nil
        create.attempts = 0
        try store.outbox.turnIntoCreate(create, key: takesKey ? clientKey : nil)
        try store.aliases.beginAgain(key, user: create.user, clientKey: clientKey)
        try store.outbox.save(create)
        try store.members.remove(key)
        // Writes that named the record by the id that it had wait for its new one.
        for entry in try store.outbox.entries(containing: key.id) where entry.sequence != create.sequence {
            try store.outbox.save(entry)
        }
        try putOff(&create)
        try store.lanes.rebuild(key, base: nil)
        // What was asked for before says nothing about what is there now.
        try store.settled.note(key, isDeleted: false)
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
        try store.outbox.turnIntoUpdate(create)
        return rest
    }

    /// Whether a create makes a record again that was the server's.
    func isRecreation(_ create: OutboxEntry) throws -> Bool {
        try store.aliases.alias(create.record)?.clientKey?.hasSameBytes(as: Alias.recreatedKey(of: create.record))
            == true
    }

    /// The create that makes a record again which a row shows to be there, from a backup for example; nil for none, and
    /// while it may be on the server under a new id.
    func callable(_ key: RecordKey) throws -> OutboxEntry? {
        try store.outbox.lane(key).first { create in
            guard create.kind == .create, try isRecreation(create) else { return false }
            return create.state != .inFlight && create.state != .ambiguous
        }
    }

    /// Whether a record was to be made again and turned out to be there.
    func isCalledOff(_ table: String, _ id: String) throws -> Bool {
        guard let alias = try store.aliases.alias(Alias.recreatedKey(of: id)) else { return false }
        return alias.state == .completed && alias.table.hasSameBytes(as: table)
    }

    /// The record needs not be made again: what was changed here is an update of the row, rejected where the create was.
    func callOff(_ create: OutboxEntry, for row: AnswerRow) throws {
        let key = RecordKey(create.table, create.record)
        try store.changes.touch(key)
        let document = try row.document()
        let waiting = try store.outbox.entries(naming: create.record, binding: false)
        var settled = create
        if var rest = try rest(of: create, on: document) {
            // What was refused waits for the app's word.
            if create.state == .failed {
                rest.state = .failed
                rest.overwrites = try store.overwritten.of(rest)
            } else {
                rest.failure = nil
                settled.fields = create.fields.filtered { field, _ in rest.fields[field] == nil }
            }
            try store.outbox.save(rest)
        } else {
            try store.outbox.remove(create)
        }
        for (field, image) in create.before where create.fields[field] == nil { settled.fields[field] = image }
        try takeBack(from: create)
        try store.lanes.retakeImages(behind: settled) { document[$0].map { .value($0) } ?? .unknown }
        // What was sent may turn up yet, as a copy.
        try store.aliases.callOff(key, isSent: create.attempts > 0 && create.clientKey != nil)
        // What names the record waits for it no longer.
        for sequence in waiting.map(\.sequence) {
            if let entry = try store.outbox.storedEntry(sequence) { try store.outbox.save(entry) }
        }
        try store.settled.forget(key)
        try store.lanes.rebuild(key, base: row.text)
    }

    /// Of what was put off, takes out again what was not changed here.
    private func takeBack(from create: OutboxEntry) throws {
        for var later in try store.outbox.lane(RecordKey(create.table, create.record))
        where later.isPutOff(behind: create) {
            later.fields = later.fields.filtered { field, value in
                guard later.before[field] == nil, let image = create.before[field] else { return true }
                return !image.says(sameAs: value)
            }
            if later.fields.isEmpty { try store.outbox.remove(later) } else { try store.outbox.save(later) }
        }
    }

    /// A record may name itself, or one whose create waits for it. Its own create can't wait for that: such fields
    /// follow as an update, when the id is known.
    private func putOff(_ create: inout OutboxEntry) throws {
        let id = create.record
        let later = try create.fields.filtered { field, value in
            try store.outbox.localIDs(in: [field: value], passingDiscarded: true).contains {
                try leads(from: $0, to: id)
            }
        }
        if later.isEmpty { return }
        create.fields = create.fields.filtered { field, _ in later[field] == nil }
        try store.outbox.save(create)
        _ = try store.outbox.append(.update, RecordKey(create.table, id), fields: later)
    }

    /// Whether the create of a record waits, directly or through others, for the create of another.
    func leads(from id: String, to target: String) throws -> Bool {
        var open = [id]
        var seen: Set<ExactString> = []
        while let next = open.popLast() {
            if next.hasSameBytes(as: target) { return true }
            guard seen.insert(ExactString(next)).inserted, let alias = try store.aliases.alias(next),
                let create = try store.outbox.lane(RecordKey(alias.table, next)).first(where: { $0.kind == .create })
            else { continue }
            open += try store.outbox.dependencies(of: create.sequence)
        }
        return false
    }
}

extension StoreTransaction {
    /// Records that were deleted elsewhere and are made again.
    package var recreating: Recreating { Recreating(store: self) }
}

extension OutboxEntry {
    /// Whether it may hold fields of a create that had to wait for its own id.
    fileprivate func isPutOff(behind create: OutboxEntry) -> Bool {
        sequence > create.sequence && kind == .update && isUnsent
    }
}
