public import BkendWire

/// What the engine is doing, as one value.
public struct SyncStatus: Sendable, Hashable {
    /// The engine's state.
    public enum State: Sendable, Hashable {
        /// Not started, stopped, or another process leads.
        case stopped
        /// Nothing to do until the next poll or write.
        case idle
        /// Requests are under way, or about to be.
        case syncing
        /// No connection to the server.
        case offline
        /// The server asked for patience, or failed; the next attempt comes then.
        case waiting(until: SyncInstant)
        /// Nothing is sent until the reason is gone.
        case paused(PauseReason)
        /// The session is over. The outbox is kept.
        case signedOut
    }

    /// The engine's state.
    public var state: State = .stopped
    /// The entries on their way: queued, in flight, ambiguous, blocked.
    public var pending = 0
    /// The dead letters.
    public var failed = 0
    /// The creates of which nobody can say whether they were applied; the app decides.
    public var unresolved = 0
    /// The reports that the app hasn't acknowledged: conflicts, races, twins and so on.
    public var reports = 0
    /// The subscriptions, in the order of their numbers.
    public var subscriptions: [SubscriptionStatus] = []
    /// The tables whose writes wait, or those of a kind, and why; by name.
    public var pausedTables: [TablePause] = []
    /// The last failure, until something succeeds.
    public var lastError: SyncProblem?

    /// A status.
    package init() {}
}

/// Why nothing, or nothing of a table, is sent.
public enum PauseReason: Sendable, Hashable {
    /// The app called `pause`.
    case requested
    /// The signed-in user isn't the store's.
    case otherUser
    /// Nobody has said who is signed in.
    case noSession
    /// The server or key changed, and `auth/me` doesn't name the store's user.
    case otherServer
    /// Answers that are no bkend server's: a proxy's, or a captive portal's.
    case foreignAnswer
    /// The server refuses the key, project, scope or account: its code.
    case refused(ErrorCode)
    /// The server doesn't permit it to a guest: the server's code. It is sent as the user once the guest has signed in or
    /// up and the store was taken over; meanwhile it is tried again at long intervals.
    case guestRefused(ErrorCode)
    /// The store can't write; nothing is sent until it can. What SQLite or the system says, without a record's content.
    case storeFailed(String)
}

/// A table whose writes wait: all of them, or those of a kind. What depends on them waits too.
public struct TablePause: Sendable, Hashable {
    /// The table.
    public var table: String
    /// The kind of write; nil for all.
    public var kind: OutboxEntry.Kind?
    /// Why.
    public var reason: PauseReason
    /// When one of its entries is tried again.
    public var until: SyncInstant

    /// A pause.
    package init(table: String, kind: OutboxEntry.Kind? = nil, reason: PauseReason, until: SyncInstant) {
        self.table = table
        self.kind = kind
        self.reason = reason
        self.until = until
    }
}

/// One subscription's state.
public struct SubscriptionStatus: Sendable, Hashable {
    /// How far it is.
    public enum Phase: Sendable, Hashable {
        /// Not complete yet.
        case filling
        /// Every row was read once; polls keep it current.
        case current
        /// The server doesn't let this user list; the rows stay.
        case denied
        /// The server refuses the query, or the table is gone: its code, or what is wrong.
        case paused(String)
    }

    /// Its number in the store.
    public var id: Int64
    /// Its table.
    public var table: String
    /// How far it is.
    public var phase: Phase
    /// Whether the server's rows were read to the end since synchronisation was started, or asked for with `syncNow`.
    public var isUpToDate = false
    /// The server's time at the last complete round.
    public var lastSuccess: Timestamp?
    /// Rows of the first pull: received so far.
    public var received: Int
    /// Rows of the first pull: all, as the server said when it began.
    public var expected: Int?
    /// Rows a second during the first pull.
    public var rate: Double?

    /// A state.
    package init(
        id: Int64, table: String, phase: Phase, lastSuccess: Timestamp? = nil, received: Int = 0, expected: Int? = nil,
        rate: Double? = nil
    ) {
        self.id = id
        self.table = table
        self.phase = phase
        self.lastSuccess = lastSuccess
        self.received = received
        self.expected = expected
        self.rate = rate
    }
}
