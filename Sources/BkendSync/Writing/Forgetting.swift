import BkendWire

/// Ids of records that are gone. An app may still hold one, and an old copy of a create may still bear its key, so the
/// newest stay; an app that makes and deletes records all day must not fill its device with the others.
struct Forgetting: StorePart {
    let store: StoreTransaction

    /// How many records' ids stay, and how many more there may be until they are looked through.
    private static let kept: (records: Int64, more: Int64) = (2_000, 200)
    /// How many ids one transaction looks at, at most: they may have gathered while dead letters kept them all.
    private static let batch = 1_000

    /// Members of a subscription aren't on the server's list any more. If that is the whole table's, others have deleted
    /// them, or this user may not see them.
    func left(_ subscription: Int64, _ ids: [String]) throws {
        guard let subscription = try store.subscriptions.subscription(subscription), subscription.filter.isEmpty else {
            return
        }
        for id in ids { try gone(RecordKey(subscription.table, id)) }
    }

    /// A record was deleted on the server, or discarded before the server had it.
    func gone(_ key: RecordKey) throws {
        guard let last = try store.aliases.end(key), let first = try store.aliases.firstEnded(),
            last - first >= Self.kept.records + Self.kept.more
        else { return }
        // A dead letter may name a discarded record, and must be refused for it when it is retried.
        if try store.outbox.hasFailed() { return }
        for alias in try store.aliases.ended(upTo: last - Self.kept.records, limit: Self.batch) {
            let record = RecordKey(alias.table, alias.serverID ?? alias.localID)
            if try store.changes.now(record) != nil {
                // It is back.
                try store.aliases.resume(alias.localID)
            } else if try store.outbox.hasEntry(of: record)
                || store.subscriptions.hasFilter(containing: alias.localID) || !store.aliases.forget(alias.localID)
            {
                // Its turn comes again, behind all others.
                try store.aliases.endAgain(alias.localID)
            }
        }
    }
}

extension StoreTransaction {
    /// Ids of records that are gone.
    var forgetting: Forgetting { Forgetting(store: self) }
}
