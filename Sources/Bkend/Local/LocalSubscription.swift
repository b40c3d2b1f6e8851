import BkendSync
public import BkendWire

/// A query whose records this device keeps.
public struct LocalSubscription: Identifiable, Hashable, Sendable {
    /// Its number in the store.
    public var id: Int64
    /// The table.
    public var table: String
    /// The filter for the table's records; `Filter.all` for the whole table.
    public var filter: Filter

    init(_ subscription: Subscription) {
        id = subscription.number
        table = subscription.table
        filter = subscription.filter.filter
    }
}

extension LocalSubscription: ComparedExactly {
    package var exact: [AnyHashable] { [id, ExactString(table), filter] }
}
