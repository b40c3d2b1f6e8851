import BkendWire

/// What the engine remembers of an entry between events.
struct EntryMemory: Memorable {
    /// It failed and waits.
    var wait: RetryWait?
    /// When its answer was lost; nil where that isn't known.
    var lostAt: SyncInstant?
    /// Why it was refused as a duplicate: a create that is being looked up.
    var duplicate: ErrorBody?
    /// Its record's copy, read and not used yet.
    var copy: Copy?
    /// When the server said that this user may not read its record, which may be written all the same; it may say
    /// otherwise soon.
    var unreadableAt: SyncInstant?
    /// Whether its record must be read by its own route.
    var isReadAlone = false
    /// Whether it was refused once.
    var wasDenied = false
    /// Whether a lookup by its key has found nothing since it was sent last: a create of a table that doesn't keep keys
    /// unique.
    var isAbsent = false
    /// It waits by itself: too few of its kind were refused to say that none would pass.
    var parking: Parking?

    /// A record's copy, read for an entry.
    struct Copy: Sendable, Hashable {
        var row: AnswerRow
        var at: SyncInstant
        /// The `updatedAt` of the server's last word when it came; a later word makes it outdated.
        var base: String?
    }

    /// One write that waits like a paused place.
    struct Parking: Sendable, Hashable {
        var place: PushPlace
        var reason: PauseReason
        var until: SyncInstant
    }
}
