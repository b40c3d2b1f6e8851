import BkendWire

/// What ends an entry other than by success.
struct Rejecting: StorePart {
    let store: StoreTransaction

    /// Makes a dead letter of an entry. An update's or delete's record returns to what it was before, and the entries
    /// behind it go on; a create stays visible, and what waits for it is blocked.
    func bury(_ entry: OutboxEntry, because failure: EntryFailure) throws {
        let key = RecordKey(entry.table, entry.record)
        let base = try store.lanes.serverWord(on: key)
        var entry = entry
        entry.state = .failed
        entry.failure = failure
        if entry.kind == .create {
            try store.outbox.save(entry)
        } else {
            entry.overwrites = try store.overwritten.of(entry)
            let values = try store.lanes.values(before: entry, base: base)
            try store.outbox.save(entry)
            try store.lanes.retakeImages(behind: entry, value: values)
        }
        try store.lanes.rebuild(key, base: base)
    }

    /// Takes a create and all that was to follow it out of the outbox, and the record out of sight. Its key stays
    /// remembered: should the server turn out to have the record, that copy is to be deleted. Entries that name it fail.
    func cancel(_ create: OutboxEntry) throws {
        try cancel(RecordKey(create.table, create.record))
    }

    /// The same for a record whose create may be gone already.
    func cancel(_ key: RecordKey) throws {
        try store.changes.touch(key)
        for entry in try store.outbox.lane(key) { try store.outbox.remove(entry) }
        if FileTable.isName(key.table) { try store.files.remove(key.id) }
        try store.aliases.cancel(key.id)
        try store.members.remove(key)
        try store.changes.show(nil, at: key)
        let dependents = try store.outbox.entries(naming: key.id, binding: true)
        try store.outbox.dropEdges(to: key.id)
        // What named it waits for it no longer.
        store.touchesOutbox = true
        try store.forgetting.gone(key)
        for dependent in dependents where dependent.state != .failed {
            // An earlier one may have taken it along.
            guard let dependent = try store.outbox.storedEntry(dependent.sequence) else { continue }
            try bury(dependent, because: .dependencyDiscarded(key.id))
        }
    }
}

extension StoreTransaction {
    /// What ends an entry other than by success.
    var rejecting: Rejecting { Rejecting(store: self) }
}
