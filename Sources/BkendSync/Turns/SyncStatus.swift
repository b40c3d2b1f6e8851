public import Foundation

/// The state of synchronisation, as one value.
///
/// ```swift
/// switch status.state {
/// case .offline: "No connection. \(status.pending) changes wait on this device"
/// case .signedOut: "Sign in again to go on synchronising"
/// case .paused(.refused): "The server no longer takes this app's key: update the app"
/// default: status.failed > 0 ? "\(status.failed) changes were rejected" : nil
/// }
/// ```
public struct SyncStatus: Sendable, Hashable {
    /// The engine's state.
    public enum State: Sendable, Hashable {
        /// Not started, stopped, or another process synchronises the store.
        case stopped
        /// Nothing to do until the next poll or write.
        case idle
        /// Requests are in progress, or about to start.
        case syncing
        /// No connection to the server.
        case offline
        /// The server limited requests or failed. The next attempt is at the given time, by this device's clock.
        case waiting(until: Date)
        /// Nothing is sent until the reason no longer applies.
        case paused(PauseReason)
        /// The session has ended. The outbox is kept.
        case signedOut
    }

    /// The engine's state.
    public var state: State = .stopped
    /// The number of entries that aren't on the server yet: queued, in flight, ambiguous or blocked.
    public var pending = 0
    /// The number of dead letters.
    public var failed = 0
    /// The number of creates for which it is unknown whether the server applied them. The app decides.
    public var unresolved = 0
    /// The number of reports that the app hasn't acknowledged, such as conflicts.
    public var reports = 0
    /// The subscriptions, in the order of their numbers.
    public var subscriptions: [SubscriptionStatus] = []
    /// The tables whose writes wait, all or one kind of them, and the reason; by name.
    public var pausedTables: [TablePause] = []
    /// The files that wait for the server. They count as entries too.
    public var files = FileStatus()
    /// Which of them stay until the app or a sign-in says otherwise; nil for none.
    package var heldFiles: HeldFiles?
    /// The files that subscriptions keep here and that are still to come. They hold up nothing.
    public var downloads = DownloadStatus()
    /// The last failure, until a request succeeds.
    public var lastError: SyncProblem?

    /// A status.
    package init() {}
}

/// One subscription's state.
public struct SubscriptionStatus: Sendable, Hashable {
    /// How far it is.
    public enum Phase: Sendable, Hashable {
        /// Not complete yet.
        case filling
        /// Every row was read once. Polls keep the rows current.
        case current
        /// The server doesn't allow this user to list the rows. The rows stay on this device.
        case denied
        /// The server rejected the query, or the table no longer exists: the server's code, or the reason.
        case paused(String)
    }

    /// Its number in the store.
    public var id: Int64
    /// Its table.
    public var table: String
    /// How far it is.
    public var phase: Phase
    /// Whether the server's rows were read to the end since synchronisation started, or since the last `syncNow`.
    public var isUpToDate = false
    /// The server's time at the last complete round.
    public var lastSuccess: Date?
    /// The number of rows that the first pull has received so far.
    public var received: Int
    /// The total number of rows of the first pull, as the server reported when it began.
    public var expected: Int?
    /// Rows per second during the first pull.
    package var rate: Double?

    /// A state.
    package init(
        id: Int64, table: String, phase: Phase, lastSuccess: Date? = nil, received: Int = 0, expected: Int? = nil,
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
