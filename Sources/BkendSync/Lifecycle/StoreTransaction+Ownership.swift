import BkendDocuments
import BkendWire

/// To whom a store belongs (sync.md, promise 7).
extension StoreTransaction {
    /// Gives a guest's store to the user who signs in, with all its entries. Of a create that was sent while nobody was
    /// signed in, the server may have a guest's row: it is still known by its key.
    ///
    /// Subscriptions begin anew: the user may see rows that a guest may not.
    ///
    /// - Throws: `StoreError.Reason.otherOwner` when the store belongs to another user.
    package func takeOver(by user: String) throws {
        let owner = try owner
        if owner.hasSameBytes(as: user) { return }
        guard owner.isEmpty else { throw StoreError(.otherOwner) }
        if try moving != nil { throw StoreError(.beingTakenOver) }
        let creates = try storedEntries().filter { $0.kind == .create }
        for create in creates { try touch(RecordKey(create.table, create.record)) }
        try setMeta("owner", user)
        try db.perform("UPDATE sync_entries SET user = ?", .text(user))
        try db.perform("UPDATE sync_aliases SET former_user = user, user = ?", .text(user))
        for subscription in try subscriptions() {
            var progress = PullProgress()
            progress.hasLeftovers = subscription.progress.hasLeftovers
            try setProgress(progress, of: subscription.number)
        }
        touchesOutbox = true
        for create in creates { try rebuild(RecordKey(create.table, create.record), base: nil) }
    }

    /// Empties the store: records, outbox, subscriptions, ids. It belongs to nobody afterwards.
    ///
    /// - Parameter losing: whether writes that are not on the server may be lost.
    /// - Throws: `StoreError.Reason.outboxNotEmpty` with their number unless they may.
    package func wipe(losing: Bool = false) throws {
        let waiting = try entryCount()
        if waiting > 0 && !losing { throw StoreError(.outboxNotEmpty(waiting)) }
        for name in try Collection.names(in: db) { try Collection.named(name, in: db)?.drop(in: db) }
        forgetCollections()
        let tables = [
            "edges", "entries", "aliases", "bases", "members", "subscriptions", "tables", "settled", "twins", "changes",
            "reports", "counts",
        ]
        for table in tables { try db.perform("DELETE FROM sync_\(table)") }
        // What the app has asked for it goes on having; it is made anew with a table's first record.
        try db.perform("DELETE FROM sync_indexes WHERE NOT by_app")
        try db.perform("UPDATE sync_indexes SET by_spec = 0, filled = NULL, flaw = NULL")
        touched = []
        positions = [:]
        candidates = []
        noteAliases()
        noteEntries()
        try setMeta("owner", "")
        for key in [Self.movingKey, PushMachine.holdsKey, PushMachine.takenHoldsKey] { try setMeta(key, nil) }
        touchesOutbox = true
        // A row that comes and goes: readers of the log find that they fell behind, and ask again.
        try db.perform("INSERT INTO sync_changes (collection, record, kind) VALUES ('', '', 'document')")
        try db.perform("DELETE FROM sync_changes")
    }
}
