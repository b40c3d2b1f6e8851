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
