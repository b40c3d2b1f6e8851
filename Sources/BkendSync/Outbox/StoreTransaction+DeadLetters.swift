import BkendWire

/// What ends an entry other than by success: rejection, and the app's word.
extension StoreTransaction {
    /// Makes a dead letter of an entry. An update's or delete's record returns to what it was before, and the entries
    /// behind it go on; a create stays visible, and what waits for it is blocked.
    func bury(_ entry: OutboxEntry, because failure: EntryFailure) throws {
        let key = RecordKey(entry.table, entry.record)
        let base = try serverWord(on: key)
        var entry = entry
        entry.state = .failed
        entry.failure = failure
        if entry.kind == .create {
            try save(entry)
        } else {
            entry.overwrites = try overwrites(of: entry)
            let values = try values(before: entry, base: base)
            try save(entry)
            try retakeImages(behind: entry, value: values)
        }
        try rebuild(key, base: base)
    }

    /// Takes a create and all that was to follow it out of the outbox, and the record out of sight. Its key stays
    /// remembered: should the server turn out to have the record, that copy is to be deleted. Entries that name it fail.
    func cancel(_ create: OutboxEntry) throws {
        try cancel(RecordKey(create.table, create.record))
    }

    /// The same for a record whose create may be gone already.
    func cancel(_ key: RecordKey) throws {
        try touch(key)
        for entry in try lane(key) { try remove(entry) }
        try db.perform("UPDATE sync_aliases SET state = 'cancelled' WHERE local_id = ?", .text(key.id))
        try db.perform(
            "DELETE FROM sync_members WHERE record = ? AND \(Self.isMemberOfTable)", .text(key.id), .text(key.table))
        try show(nil, at: key)
        let dependents = try entries(naming: key.id, binding: true)
        try db.perform("DELETE FROM sync_edges WHERE local_id = ?", .text(key.id))
        // What named it waits for it no longer.
        touchesOutbox = true
        for dependent in dependents where dependent.state != .failed {
            // An earlier one may have taken it along.
            guard let dependent = try storedEntry(dependent.sequence) else { continue }
            try bury(dependent, because: .dependencyDiscarded(key.id))
        }
    }

    /// Gives an entry up. A create takes the later entries of its record along, and those that name the record fail; an
    /// update or delete leaves the record as it was before.
    ///
    /// - Returns: the entries that are gone, in order.
    /// - Throws: `StoreError` while its request is on the way, or for no such entry.
    @discardableResult
    package func discard(_ sequence: Int64) throws -> [OutboxEntry] {
        try whole {
            let gone = try giveUp(sequence)
            try noteDecision()
            return gone
        }
    }

    private func giveUp(_ sequence: Int64) throws -> [OutboxEntry] {
        let entry = try require(sequence, in: [.queued, .ambiguous, .failed, .unresolved])
        if entry.kind == .create {
            let lane = try entries(of: entry.table, entry.record)
            try cancel(entry)
            return lane
        }
        let gone = try self.entry(sequence) ?? entry
        let key = RecordKey(entry.table, entry.record)
        let base = try serverWord(on: key)
        let values = try values(before: entry, base: base)
        try remove(entry)
        if entry.isLive { try retakeImages(behind: entry, value: values) }
        try forgetOverwriting(key, by: sequence)
        try rebuild(key, base: base)
        return [gone]
    }

    /// Queues a dead letter or an unresolved create again. A create keeps its place; an update becomes a new entry on
    /// what is visible now, without the fields that later writes have set.
    ///
    /// - Throws: `StoreError` when it names a discarded record, or its record is gone.
    package func retry(_ sequence: Int64) throws {
        try whole {
            try queueAgain(sequence)
            try noteDecision()
        }
    }

    private func queueAgain(_ sequence: Int64) throws {
        var entry = try require(sequence, in: [.failed, .unresolved])
        let key = RecordKey(entry.table, entry.record)
        if entry.kind == .create {
            entry.fields = try resolve(entry.fields)
            _ = try localIDs(in: entry.fields)
            if entry.state == .failed, entry.clientKey != nil, try facts(of: entry.table)?.takesExtraFields == false {
                try dropKey(of: entry)
            }
            let base = try serverWord(on: key)
            entry.state = .queued
            entry.body = nil
            entry.failure = nil
            try save(entry)
            return try rebuild(key, base: base)
        }
        try touch(key)
        switch entry.kind {
        case .update:
            let fields = entry.fields.filtered { field, _ in entry.overwrites[field] == nil }
            try remove(entry)
            // The write that it becomes overwrites what it did: nothing at all where the value is there already.
            if try fields.isEmpty || !update(entry.table, entry.record, set: fields) { break }
            if let last = try lastLive(key) { try passOverwriting(key, from: sequence, to: last) }
        default:
            try remove(entry)
            if touched[try touch(key)].now != nil { try delete(entry.table, entry.record) }
        }
        candidates.append(key)
    }

    /// Sets fields of a dead letter, or of an entry that nothing has been sent of; nil takes a field out. It stays as it
    /// is otherwise: retry it to have it sent.
    ///
    /// - Throws: `StoreError` for a reserved field, the id of a discarded record, or creates that would wait for each
    ///   other.
    package func edit(_ sequence: Int64, set fields: JSONObject, removing names: [String] = []) throws {
        try whole {
            try mend(sequence, set: fields, removing: names)
            try noteDecision()
        }
    }

    private func mend(_ sequence: Int64, set fields: JSONObject, removing names: [String]) throws {
        var entry = try require(sequence, in: [.queued, .failed])
        guard entry.isUnsent || entry.state == .failed, entry.kind != .delete else {
            throw try wrongState(entry)
        }
        let key = RecordKey(entry.table, entry.record)
        let fields = try prepare(fields, table: entry.table, record: entry.record)
        let named = try localIDs(in: fields)
        if entry.kind == .create, try named.contains(where: { try leads(from: $0, to: entry.record) }) {
            throw StoreError(.dependencyCycle(sequence), table: entry.table, record: entry.record)
        }
        let base = try serverWord(on: key)
        let values = try values(before: entry, base: base)
        let old = entry
        for name in try names.map({ try resolve($0) }) {
            entry.fields[name] = nil
            entry.before[name] = nil
            entry.overwrites[name] = nil
        }
        try noteSent(fields, in: &entry)
        for (field, value) in fields {
            // It is the newest word on the field now, whatever was written since the letter failed.
            entry.overwrites[field] = nil
            if entry.kind == .update && entry.fields[field] == nil, case .value(let image) = values(field) {
                entry.before[field] = image
            }
            entry.fields[field] = value
        }
        entry.changedAt = max(entry.changedAt, environment.now())
        try save(entry)
        if entry.isLive { try retake(behind: old, edited: entry, base: base) }
        try rebuild(key, base: base)
    }

    // MARK: Steps

    func require(_ sequence: Int64, in states: [OutboxEntry.State]) throws -> OutboxEntry {
        guard let entry = try storedEntry(sequence) else { throw StoreError(.noSuchEntry(sequence)) }
        guard states.contains(entry.state) else { throw try wrongState(entry) }
        return entry
    }

    /// The error of an operation that an entry's state, as it is shown, doesn't allow.
    private func wrongState(_ entry: OutboxEntry) throws -> StoreError {
        let state = try self.entry(entry.sequence)?.state ?? entry.state
        return StoreError(.wrongState(entry.sequence, state), table: entry.table, record: entry.record)
    }

    /// The entries behind an edited one were made on what it sets now.
    private func retake(behind old: OutboxEntry, edited: OutboxEntry, base: [UInt8]?) throws {
        var both = old
        for (field, value) in edited.fields { both.fields[field] = value }
        let earlier = try values(before: edited, base: base)
        try retakeImages(behind: both) { field in edited.fields[field].map { .value($0) } ?? earlier(field) }
    }

    /// Whether the create of a record waits, directly or through others, for the create of another.
    func leads(from id: String, to target: String) throws -> Bool {
        var open = [id]
        var seen: Set<ExactString> = []
        while let next = open.popLast() {
            if next.hasSameBytes(as: target) { return true }
            guard seen.insert(ExactString(next)).inserted, let alias = try alias(next),
                let create = try lane(RecordKey(alias.table, next)).first(where: { $0.kind == .create })
            else { continue }
            open += try dependencies(of: create.sequence)
        }
        return false
    }
}
