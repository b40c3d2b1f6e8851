import BkendWire

/// What the subscriptions of one table say about the answers of local queries.
package struct Completeness: Hashable, Sendable {
    /// The filters of the subscriptions all of whose records are here.
    package var drained: [Filter] = []

    /// Whether a query's answer misses no record of the server's: its filter, local ids in their present form, is that of
    /// a drained subscription, or the whole table is subscribed to.
    package func covers(_ filter: Filter) -> Bool {
        if drained.isEmpty { return false }
        let form = try? filter.rest()
        return drained.contains { $0 == .all || $0 == filter || form?.filter == $0 }
    }
}

extension Subscription {
    /// Whether every record that the server listed is here: all were read once, and the server goes on listing them.
    package var isDrained: Bool { progress.isFilled && progress.refusal == nil }
}
