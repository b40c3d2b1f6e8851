import BkendWire

/// What the push holds between events.
struct PushState: Sendable {
    /// A lane's patience.
    struct Wait: Sendable, Hashable {
        var attempts = 0
        var until: SyncInstant
    }

    /// A table's writes of one kind, or all of them.
    struct Place: Sendable, Hashable, Comparable {
        var table: String
        var kind: OutboxEntry.Kind?

        static func < (a: Place, b: Place) -> Bool {
            if a.table != b.table { return a.table.precedesInBytes(b.table) }
            return (a.kind?.rawValue ?? "") < (b.kind?.rawValue ?? "")
        }
    }

    /// Why writes wait, and until when one of them is tried.
    struct Pause: Sendable, Hashable {
        var reason: PauseReason
        var until: SyncInstant
        var attempts: Int
        /// The entry that was tried last: the next try is another's, since of many refused ones one may be permitted.
        var tried: Int64 = 0
    }

    /// One write that waits like a paused place.
    struct Parking: Sendable, Hashable {
        var place: Place
        var reason: PauseReason
        var until: SyncInstant
    }

    /// A record's copy, read for an entry.
    struct Copy: Sendable, Hashable {
        var row: AnswerRow
        var at: SyncInstant
        /// The `updatedAt` of the server's last word when it came; a later word makes it outdated.
        var base: String?
    }

    /// The number of the newest entry that was looked at: one with a greater number that was sent came from elsewhere.
    var newestEntry: Int64 = 0
    /// Local writes wait until then for more of them.
    var notBefore: SyncInstant?
    /// Entries that failed and wait.
    var waits: [Int64: Wait] = [:]
    /// When the answers of ambiguous entries were lost; since the start where it isn't known.
    var lost: [Int64: SyncInstant] = [:]
    /// Records whose later entries wait until a server can't be at an earlier request any more.
    var holds: [RecordKey: SyncInstant] = [:]
    /// Creates that were refused as duplicates, and are being looked up.
    var duplicates: [Int64: ErrorBody] = [:]
    /// Copies that were read and not used yet.
    var copies: [Int64: Copy] = [:]
    /// Entries whose record this user may write but not read, and when the server said so: it may say otherwise soon.
    var blind: [Int64: SyncInstant] = [:]
    /// Entries whose copies must be read one by one.
    var single: Set<Int64> = []
    /// Tables that this user may not list.
    var unlistable: Set<String> = []
    /// The most ids of one list, by table; halved by 414.
    var batch: [String: Int] = [:]
    /// Refused entries since the last success, by place, each once.
    var denials: [Place: [Int64]] = [:]
    /// Entries that were refused once.
    var deniedOnce: Set<Int64> = []
    /// Writes that a guest may not make, each for itself: too few of a kind were refused to say that none would pass.
    var parked: [Int64: Parking] = [:]
    /// Rows that should not be on the server, before they are deleted.
    var guarding = DeletionGuard()
    /// What waits as a whole.
    var pauses: [Place: Pause] = [:]

    /// Forgets an entry that is done.
    mutating func forget(_ sequence: Int64) {
        waits[sequence] = nil
        lost[sequence] = nil
        duplicates[sequence] = nil
        copies[sequence] = nil
        blind[sequence] = nil
        single.remove(sequence)
        deniedOnce.remove(sequence)
        parked[sequence] = nil
    }

    /// What waits as a whole or in part, and until when the first of it is tried.
    var allPauses: [Place: Pause] {
        parked.values.reduce(into: pauses) { all, parking in
            let known = all[parking.place]
            if let known, known.until <= parking.until { return }
            all[parking.place] = Pause(
                reason: known?.reason ?? parking.reason, until: parking.until, attempts: known?.attempts ?? 0)
        }
    }

    /// Forgets what the server said to a user that isn't the store's any more.
    mutating func forgetRefusals(at now: SyncInstant) {
        pauses = [:]
        parked = [:]
        denials = [:]
        deniedOnce = []
        unlistable = []
        blind = [:]
        for sequence in waits.keys { waits[sequence]?.until = now }
    }
}
