import BkendDocuments
import BkendWire

/// What an engine must be told of a store that others write to as well: other handles and other processes.
package struct EngineNews: Sendable, Hashable {
    /// The number of the newest entry that is still there, 0 for none.
    package var newestEntry: Int64
    /// How often the app has decided about an entry or a mass removal; see `OutboxPart.noteDecision`.
    package var decisions: Int64
    /// The newest subscription's number, 0 for none.
    package var newestSubscription: Int64
    /// How many subscriptions there are. With the newest number it tells every change of their set: no number is given
    /// twice.
    package var subscriptionCount: Int64
    /// Whose store it is, `""` for a guest's.
    package var owner: ExactString
    /// Whether an index is still to be filled.
    package var hasIndexesToFill: Bool

    /// Whether there is more to send than before, or the app has decided what waited for it.
    package func hasMoreToDo(than former: EngineNews) -> Bool {
        newestEntry > former.newestEntry || decisions != former.decisions
    }

    /// Whether there are other subscriptions than before.
    package func hasOtherSubscriptions(than former: EngineNews) -> Bool {
        newestSubscription != former.newestSubscription || subscriptionCount != former.subscriptionCount
    }
}

extension StoreSnapshot {
    /// What an engine must be told of.
    package func engineNews() throws -> EngineNews {
        EngineNews(
            newestEntry: try queue.newestEntry,
            decisions: try outbox.decisions,
            newestSubscription: try db.number("SELECT ifnull(max(number), 0) FROM sync_subscriptions"),
            subscriptionCount: try db.number("SELECT count(*) FROM sync_subscriptions"),
            owner: ExactString(try owner), hasIndexesToFill: try indexes.hasIndexesToFill)
    }
}
