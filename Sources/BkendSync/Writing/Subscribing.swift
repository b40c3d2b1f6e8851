import BkendWire

/// What the app keeps on this device, and keeps no longer (sync.md, "Pull").
package struct Subscribing: StorePart {
    let store: StoreTransaction

    /// Keeps a query on this device; the number of the subscription, an older one's when it is the same query.
    ///
    /// Records that are here and match the filter are provisional members until the first comparison: what another
    /// subscription loses meanwhile doesn't vanish and come back, and what the server has deleted meanwhile is found.
    /// Records that were here before the table's first subscription, and match no filter, go when that comparison ends.
    package func subscribe(_ table: String, to filter: RESTFilter = RESTFilter()) throws -> Int64 {
        if let flaw = TableName.flaw(in: table) { throw StoreError(.invalidTable(flaw), table: table) }
        let present = try store.aliases.resolve(filter.filter, table: table).rest()
        if let known = try store.subscriptions.all(of: table).first(where: { $0.filter == present }) {
            return known.number
        }
        var stored = JSONObject()
        if let and = present.andFilters { stored["and"] = .object(and) }
        if let or = present.orFilters { stored["or"] = .object(or) }
        let number = try store.subscriptions.add(table, stored)
        let joined = try store.members.joinKnown(number, table, filter: present.filter)
        if try store.subscriptions.all(of: table).count == 1, let collection = try store.collection(table),
            try collection.count(.all, in: db) > joined
        {
            var progress = PullProgress()
            progress.hasLeftovers = true
            try store.subscriptions.setProgress(progress, of: number)
        }
        return number
    }

    /// Keeps the files that a subscription's records name in these fields, by names or dotted paths; nil for none.
    package func keepFiles(at paths: [String]?, of number: Int64) throws {
        guard try store.subscriptions.subscription(number) != nil else { throw StoreError(.noSuchSubscription(number)) }
        try store.downloads.keepFiles(paths, of: number)
    }

    /// Ends a subscription. Records that nothing else holds go, unless they are to stay; those of a table without any
    /// subscription stay until they are evicted.
    package func unsubscribe(_ number: Int64, keepingRecords: Bool = false) throws {
        guard let subscription = try store.subscriptions.subscription(number) else {
            throw StoreError(.noSuchSubscription(number))
        }
        if !keepingRecords {
            try store.members.lose(number, try store.members.all(of: number))
            // Before the subscription goes: without one, its table would keep everything.
            try store.holding.dropUnheld()
        }
        try store.subscriptions.remove(subscription.number)
    }

    /// The app's word that most rows of a subscription may go, as the server has it (`SyncConfiguration.massRemoval`).
    package func confirmMassRemoval(of number: Int64) throws {
        guard let subscription = try store.subscriptions.subscription(number) else {
            throw StoreError(.noSuchSubscription(number))
        }
        var progress = subscription.progress
        progress.mayRemoveMost = true
        try store.subscriptions.setProgress(progress, of: number)
        try store.outbox.noteDecision()
    }
}

extension StoreTransaction {
    /// What the app keeps on this device.
    package var subscribing: Subscribing { Subscribing(store: self) }
}
