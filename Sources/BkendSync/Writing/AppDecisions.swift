import BkendWire

/// What the app decides of entries: those that were rejected or are unresolved, and those that wait.
package struct AppDecisions: StorePart {
    let store: StoreTransaction

    /// Gives an entry up. A create takes the later entries of its record along, and those that name the record fail; an
    /// update or delete leaves the record as it was before.
    ///
    /// - Returns: the entries that are gone, in order.
    /// - Throws: `StoreError` while its request is on the way, or for no such entry.
    @discardableResult
    package func discard(_ sequence: Int64) throws -> [OutboxEntry] {
        try store.whole {
            let gone = try giveUp(sequence)
            try store.outbox.noteDecision()
            return gone
        }
    }

    private func giveUp(_ sequence: Int64) throws -> [OutboxEntry] {
        let entry = try store.outbox.require(sequence, in: [.queued, .ambiguous, .failed, .unresolved])
        // A file that is being registered will have an end soon.
        if entry.isOfFile, entry.kind == .create, entry.state == .queued, entry.body != nil {
            throw StoreError(.wrongState(sequence, .inFlight), table: entry.table, record: entry.record)
        }
        if entry.kind == .create {
            let lane = try store.outbox.entries(of: entry.table, entry.record)
            try store.rejecting.cancel(entry)
            return lane
        }
        let gone = try store.outbox.entry(sequence) ?? entry
        let key = RecordKey(entry.table, entry.record)
        let base = try store.lanes.serverWord(on: key)
        let values = try store.lanes.values(before: entry, base: base)
        try store.outbox.remove(entry)
        if entry.isLive { try store.lanes.retakeImages(behind: entry, value: values) }
        try store.overwritten.forget(key, by: sequence)
        try store.lanes.rebuild(key, base: base)
        return [gone]
    }

    /// Queues a dead letter or an unresolved create again. A create keeps its place; an update becomes a new entry on
    /// what is visible now, without the fields that later writes have set.
    ///
    /// - Throws: `StoreError` when it names a discarded record, or its record is gone.
    package func retry(_ sequence: Int64) throws {
        try store.whole {
            try queueAgain(sequence)
            try store.outbox.noteDecision()
        }
    }

    private func queueAgain(_ sequence: Int64) throws {
        var entry = try store.outbox.require(sequence, in: [.failed, .unresolved])
        let key = RecordKey(entry.table, entry.record)
        if entry.kind == .create {
            entry.fields = try store.aliases.resolve(entry.fields)
            _ = try store.outbox.localIDs(in: entry.fields)
            if entry.state == .failed, entry.clientKey != nil,
                try store.facts.of(entry.table)?.takesExtraFields == false
            {
                try store.dropKey(of: entry)
            }
            let base = try store.lanes.serverWord(on: key)
            entry.state = .queued
            // Of a file it says that it may be registered, which a retry doesn't change.
            if entry.isOfFile { try store.files.retry(entry.record) } else { entry.body = nil }
            entry.failure = nil
            try store.outbox.save(entry)
            return try store.lanes.rebuild(key, base: base)
        }
        try store.changes.touch(key)
        switch entry.kind {
        case .update:
            let fields = entry.fields.filtered { field, _ in entry.overwrites[field] == nil }
            try store.outbox.remove(entry)
            // The write that it becomes overwrites what it did: nothing at all where the value is there already.
            if try fields.isEmpty || !store.writes.update(entry.table, entry.record, set: fields) { break }
            if let last = try store.outbox.lastLive(key) { try store.overwritten.pass(key, from: sequence, to: last) }
        default:
            try store.outbox.remove(entry)
            if try store.changes.now(key) != nil {
                if entry.isOfFile {
                    try store.attaching.delete(entry.record)
                } else {
                    try store.writes.delete(entry.table, entry.record)
                }
            }
        }
        store.candidates.append(key)
    }

    /// Sets fields of a dead letter, or of an entry that nothing has been sent of; nil takes a field out. It stays as it
    /// is otherwise: retry it to have it sent.
    ///
    /// - Throws: `StoreError` for a reserved field, the id of a discarded record, or creates that would wait for each
    ///   other.
    package func edit(_ sequence: Int64, set fields: JSONObject, removing names: [String] = []) throws {
        try store.whole {
            try mend(sequence, set: fields, removing: names)
            try store.outbox.noteDecision()
        }
    }

    private func mend(_ sequence: Int64, set fields: JSONObject, removing names: [String]) throws {
        var entry = try store.outbox.require(sequence, in: [.queued, .failed])
        guard entry.isUnsent || entry.state == .failed, entry.kind != .delete else {
            throw try store.outbox.wrongState(entry)
        }
        let key = RecordKey(entry.table, entry.record)
        let fields = try store.writes.prepare(fields, table: entry.table, record: entry.record)
        let named = try store.outbox.localIDs(in: fields)
        if entry.isOfFile, !named.isEmpty { throw Attaching.namesLocalRecord }
        if entry.kind == .create, try named.contains(where: { try store.recreating.leads(from: $0, to: entry.record) })
        {
            throw StoreError(.dependencyCycle(sequence), table: entry.table, record: entry.record)
        }
        let base = try store.lanes.serverWord(on: key)
        let values = try store.lanes.values(before: entry, base: base)
        let old = entry
        for name in try names.map({ try store.aliases.resolve($0) }) {
            entry.fields[name] = nil
            entry.before[name] = nil
            entry.overwrites[name] = nil
        }
        try store.recreating.noteSent(fields, in: &entry)
        for (field, value) in fields {
            // It is the newest word on the field now, whatever was written since the letter failed.
            entry.overwrites[field] = nil
            if entry.kind == .update && entry.fields[field] == nil, case .value(let image) = values(field) {
                entry.before[field] = image
            }
            entry.fields[field] = value
        }
        entry.changedAt = max(entry.changedAt, store.environment.now())
        try store.outbox.save(entry)
        if entry.isLive { try retake(behind: old, edited: entry, base: base) }
        try store.lanes.rebuild(key, base: base)
    }

    // MARK: Steps

    /// The entries behind an edited one were made on what it sets now.
    private func retake(behind old: OutboxEntry, edited: OutboxEntry, base: [UInt8]?) throws {
        var both = old
        for (field, value) in edited.fields { both.fields[field] = value }
        let earlier = try store.lanes.values(before: edited, base: base)
        try store.lanes.retakeImages(behind: both) { field in edited.fields[field].map { .value($0) } ?? earlier(field)
        }
    }
}

extension StoreTransaction {
    /// What the app decides of entries.
    package var decisions: AppDecisions { AppDecisions(store: self) }
}
