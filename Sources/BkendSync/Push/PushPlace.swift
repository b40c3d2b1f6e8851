import BkendWire

/// A table's writes of one kind, or all of them.
struct PushPlace: Sendable, Hashable, Comparable {
    var table: String
    /// Nil for all kinds.
    var kind: OutboxEntry.Kind?

    init(table: String, kind: OutboxEntry.Kind? = nil) {
        self.table = table
        self.kind = kind
    }

    static func < (a: PushPlace, b: PushPlace) -> Bool {
        if a.table != b.table { return a.table.precedesInBytes(b.table) }
        return (a.kind?.rawValue ?? "") < (b.kind?.rawValue ?? "")
    }
}

/// What the engine remembers of a place between events.
struct PlaceMemory: Memorable {
    /// It waits as a whole.
    var pause: Pause?
    /// The entries that were refused since the last success, each once, in order.
    var denied: [Int64] = []

    /// Why writes wait, and until when one of them is tried.
    struct Pause: Sendable, Hashable {
        var reason: PauseReason
        var until: SyncInstant
        var attempts: Int
        /// The entry that was tried last: the next try is another's, since of many refused ones one may be permitted.
        var tried: Int64 = 0
    }
}
