import BkendDocuments
import BkendWire

/// To whom a store belongs (sync.md, promise 7).
package struct Ownership: StorePart {
    let store: StoreTransaction

    /// Gives a guest's store to the user who signs in, with all its entries. Of a create that was sent while nobody was
    /// signed in, the server may have a guest's row: it is still known by its key.
    ///
    /// Subscriptions begin anew: the user may see rows that a guest may not.
    ///
    /// - Throws: `StoreError.Reason.otherOwner` when the store belongs to another user.
    package func takeOver(by user: String) throws {
        let owner = try store.owner
        if owner.hasSameBytes(as: user) { return }
        guard owner.isEmpty else { throw StoreError(.otherOwner) }
        if try store.moving != nil { throw StoreError(.beingTakenOver) }
        let creates = try store.outbox.storedEntries().filter { $0.kind == .create }
        try store.downloads.retryRefused()
        for create in creates { try store.changes.touch(RecordKey(create.table, create.record)) }
        try store.setMeta("owner", user)
        try store.outbox.take(over: user)
        try store.aliases.take(over: user)
        for subscription in try store.subscriptions.all() {
            var progress = PullProgress()
            progress.hasLeftovers = subscription.progress.hasLeftovers
            try store.subscriptions.setProgress(progress, of: subscription.number)
        }
        store.touchesOutbox = true
        for create in creates { try store.lanes.rebuild(RecordKey(create.table, create.record), base: nil) }
    }

    /// Empties the store: records, outbox, subscriptions, ids. It belongs to nobody afterwards.
    ///
    /// - Parameter losing: whether writes that are not on the server may be lost.
    /// - Throws: `StoreError.Reason.outboxNotEmpty` with their number unless they may.
    package func wipe(losing: Bool = false) throws {
        let waiting = try store.outbox.entryCount()
        if waiting > 0 && !losing { throw StoreError(.outboxNotEmpty(waiting)) }
        for name in try Collection.names(in: db) { try Collection.named(name, in: db)?.drop(in: db) }
        store.forgetCollections()
        let tables = [
            "edges", "entries", "aliases", "bases", "members", "subscriptions", "tables", "settled", "twins", "changes",
            "reports", "counts", "files", "downloads", "kept", "looks",
        ]
        try store.files.releaseAll()
        try store.downloads.releaseAll()
        for table in tables { try db.perform("DELETE FROM sync_\(table)") }
        // What the app has asked for it goes on having; it is made anew with a table's first record.
        try db.perform("DELETE FROM sync_indexes WHERE NOT by_app")
        try db.perform("UPDATE sync_indexes SET by_spec = 0, filled = NULL, flaw = NULL")
        store.touched = TouchedRecords()
        store.candidates = []
        store.noteAliases()
        store.noteEntries()
        try store.setMeta("owner", "")
        for key in [MetaKey.moving, MetaKey.holds, MetaKey.takenHolds, MetaKey.fileOrigins] {
            try store.setMeta(key, nil)
        }
        store.touchesOutbox = true
        // A row that comes and goes: readers of the log find that they fell behind, and ask again.
        try db.perform("INSERT INTO sync_changes (collection, record, kind) VALUES ('', '', 'document')")
        try db.perform("DELETE FROM sync_changes")
    }
}

extension StoreTransaction {
    /// To whom the store belongs.
    package var ownership: Ownership { Ownership(store: self) }
}
