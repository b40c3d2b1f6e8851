import BkendWire

/// A table and a filter that the device keeps (sync.md, "Pull").
package struct Subscription: Hashable, Sendable {
    /// Its number.
    package var number: Int64
    /// The table.
    package var table: String
    /// Which records, local ids in their present form.
    package var filter: RESTFilter
    /// How far the engine has come with it.
    package var progress: PullProgress

    package static func == (a: Subscription, b: Subscription) -> Bool {
        a.number == b.number && a.filter == b.filter && a.progress == b.progress && a.table.hasSameBytes(as: b.table)
    }

    package func hash(into hasher: inout Hasher) { hasher.combine(number) }
}

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
