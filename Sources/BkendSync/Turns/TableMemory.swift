import BkendWire

/// What the engine remembers of a table between events.
struct TableMemory: Memorable {
    /// How many rows a page has where they are fewer than configured.
    var pageLimit: PageLimit?
    /// The most ids of one list, once a URL was too long; nil is as many as a page has rows.
    var idLimit: Int?
    /// Whether this user may not list it: its records are read one by one.
    var isUnlistable = false
    /// Whether its spec was answered since the start, or is being asked for.
    var isSpecAsked = false
    /// When its spec was asked for last.
    var specAskedAt: SyncInstant?
    /// The question for its spec failed and waits.
    var specWait: RetryWait?
}
