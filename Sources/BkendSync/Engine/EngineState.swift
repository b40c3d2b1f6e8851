import BkendWire

/// What the engine holds between events; all of it may be lost at a crash. A value, so that an event whose transaction
/// fails changes nothing.
struct EngineState: Sendable {
    /// The epoch that this engine leads, nil when it doesn't.
    var epoch: Int64?
    /// When it began to lead: the earliest moment that an ambiguous entry's answer can have been lost.
    var startedAt = SyncInstant.zero
    /// Whether the app called `pause`.
    var isPaused = false
    /// Whether the system says that there is no network.
    var isUnreachable = false
    var session = SessionState()
    /// Whose store it was when it was looked at last; nil before.
    var owner: String?
    var gate = SendGate()
    var random: SyncRandom
    var nextRequest = 1
    /// The requests under way, ascending by number.
    var flights: [(id: RequestID, flight: Flight)] = []
    var push = PushState()
    var pulls: [Int64: PullState] = [:]
    /// What is remembered of tables.
    var tables = Memories<String, TableMemory>()
    /// The question who is signed in failed and waits.
    var identityWait: RetryWait?
    /// The server's time and when it was told.
    var serverClock: (date: Timestamp, at: SyncInstant)?
    var problem: SyncProblem?
    var wake: SyncInstant?
    var status = SyncStatus()
    /// The outbox's counts and the version they were taken at.
    var counts: (version: Int64, counts: OutboxCounts)?

    /// Requests under way that serve an entry.
    var busyEntries: Set<Int64> { Set(flights.flatMap(\.flight.request.entries)) }
}

/// Who is signed in.
struct SessionState: Sendable, Hashable {
    /// Whether anybody has said so.
    var isKnown = false
    /// The user's id, "" for a guest, nil for nobody.
    var user: String?
    /// Whether a refresh was asked for and hasn't come back.
    var isRefreshing = false
    /// How often it was renewed or changed: an answer to a request sent before says nothing about the present token.
    var generation = 0
    /// Refusals since the last success with a token that is said to be good.
    var refusals = 0
    /// When to try a refresh again that didn't reach the server.
    var retryAt: SyncInstant?
    /// Whether the server or key is another than the store was synced with, and `auth/me` hasn't confirmed the user.
    var identity = Identity.unchecked

    /// The same without what was under way: its outcome says nothing any more.
    var atRest: SessionState {
        var session = self
        session.isRefreshing = false
        session.generation += 1
        session.identity = .unchecked
        return session
    }

    /// What is known about server and key.
    enum Identity: Sendable, Hashable {
        case unchecked, pending, confirmed, refused
    }
}

/// The outbox in numbers.
struct OutboxCounts: Sendable, Hashable {
    var pending = 0
    var failed = 0
    var unresolved = 0
    var reports = 0
}
