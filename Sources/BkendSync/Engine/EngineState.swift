import BkendWire

/// What the engine holds between events; all of it may be lost at a crash. A value, so that an event whose transaction
/// fails changes nothing.
struct EngineState: Sendable {
    /// When it began to lead: the earliest moment that an ambiguous entry's answer can have been lost.
    var startedAt = SyncInstant.zero
    /// Whether the app called `pause`.
    var isPaused = false
    /// Whether the system says that there is no network.
    var isUnreachable = false
    /// Whose store it was when it was looked at last; nil before.
    var owner: String?
    /// What the machines share.
    var shared: SharedState
    var push = PushState()
    var pull = PullMachine()
    var wake: SyncInstant?
    var status = SyncStatus()
    /// The outbox's counts and the version they were taken at.
    var counts: (version: Int64, counts: OutboxCounts)?

    /// The state of an engine that doesn't lead.
    init(random: SyncRandom, next: RequestID = RequestID(number: 1)) {
        shared = SharedState(flights: Flights(next: next), random: random)
    }

    /// What is left when the engine lets go of everything.
    var letGo: EngineState {
        var rest = EngineState(random: shared.random, next: shared.flights.next)
        rest.shared.session = shared.session.atRest
        rest.isPaused = isPaused
        return rest
    }

    /// A request's answer is not coming, or came to nothing.
    mutating func abandon(_ flight: Flight) {
        shared.abandon(flight)
        if case .pull(let number, let ask) = flight.errand { pull.abandon(number, ask) }
    }
}

/// The outbox in numbers.
struct OutboxCounts: Sendable, Hashable {
    var pending = 0
    var failed = 0
    var unresolved = 0
    var reports = 0
}
