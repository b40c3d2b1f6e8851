import BkendDocuments

/// What an engine must be told of a store that others write to as well: other handles and other processes.
package struct EngineNews: Sendable, Hashable {
    /// The number of the newest entry that is still there, 0 for none.
    package var newestEntry: Int64
    /// The newest subscription's number, 0 for none.
    package var newestSubscription: Int64
    /// How many subscriptions there are. With the newest number it tells every change of their set: no number is given
    /// twice.
    package var subscriptionCount: Int64

    /// Whether there are other subscriptions than before.
    package func hasOtherSubscriptions(than former: EngineNews) -> Bool {
        newestSubscription != former.newestSubscription || subscriptionCount != former.subscriptionCount
    }
}

extension StoreSnapshot {
    /// What an engine must be told of.
    package func engineNews() throws -> EngineNews {
        EngineNews(
            newestEntry: try db.number("SELECT ifnull(max(sequence), 0) FROM sync_entries"),
            newestSubscription: try db.number("SELECT ifnull(max(number), 0) FROM sync_subscriptions"),
            subscriptionCount: try db.number("SELECT count(*) FROM sync_subscriptions"))
    }
}
