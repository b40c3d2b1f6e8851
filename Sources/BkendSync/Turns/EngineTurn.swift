import BkendWire

/// One event as the machines see it: when it came, the store, and what they want done. A machine's decision is a function
/// of itself, the turn and the store; nothing else is asked.
struct EngineTurn<Store: EngineStore> {
    let store: Store
    let now: SyncInstant
    let configuration: SyncConfiguration
    let rules: SyncRules
    /// What the machines share.
    var shared: SharedState
    /// What is to be done, in order.
    private(set) var effects: [EngineEffect] = []
    /// What one machine found that concerns another.
    private var notices: [EngineNotice] = []

    init(
        _ store: Store, _ shared: SharedState, now: SyncInstant, configuration: SyncConfiguration, rules: SyncRules
    ) {
        self.store = store
        self.shared = shared
        self.now = now
        self.configuration = configuration
        self.rules = rules
    }

    // MARK: Sending

    /// Whether another request may go out.
    var maySend: Bool { shared.gate.admits(at: now, underWay: shared.flights.toServer) }

    /// Hands a request over. For a write, the in-flight mark was made in this transaction.
    mutating func send(
        _ errand: Errand, _ operation: SyncRequest.Operation, body: [UInt8]? = nil, entries: [Int64] = [],
        deadline: Duration? = nil
    ) throws {
        let request = SyncRequest(
            operation, body: body, user: try store.owner, deadline: deadline ?? configuration.requestDeadline,
            entries: entries)
        let id = shared.flights.depart(
            errand, request, sentAt: now, mark: try store.mark, session: shared.session.generation)
        perform(.send(id, request))
    }

    /// Wants something done.
    mutating func perform(_ effect: EngineEffect) { effects.append(effect) }

    // MARK: Telling

    /// Tells the other machines.
    mutating func note(_ notice: EngineNotice) { notices.append(notice) }

    /// What was noted since it was asked last.
    mutating func takeNotices() -> [EngineNotice] {
        defer { notices = [] }
        return notices
    }

    /// Notes a failure for the status: in words of ours, since a server's may quote what it was sent.
    mutating func fail(
        _ operation: String, table: String? = nil, code: ErrorCode? = nil, status: Int? = nil, _ message: String
    ) {
        shared.problem = SyncProblem(
            operation: operation, table: table, code: code, status: status, message: message)
    }

    // MARK: Waiting

    /// How long something that failed waits.
    mutating func backoff(_ attempt: Int) -> SyncInstant {
        now.advanced(
            by: Backoff.wait(attempt: attempt, ceiling: configuration.backoffCeiling, using: &shared.random))
    }

    /// How long something waits that has failed once more.
    mutating func later(_ former: RetryWait?) -> RetryWait {
        let attempts = (former?.attempts ?? 0) + 1
        return RetryWait(attempts: attempts, until: backoff(attempts))
    }

    /// Whether something that may have failed is to be tried.
    func isDue(_ wait: RetryWait?) -> Bool { wait.map { $0.until <= now } ?? true }
}

/// What an answer says beside its own request's fate: of the gate, the session and the status.
extension EngineTurn {
    /// Takes what an answer says about everything else that is sent.
    mutating func heard(_ verdict: Verdict, of flight: Flight) {
        shared.gate.take(verdict, of: flight, at: now, configuration, using: &shared.random)
        shared.problem = SyncProblem(verdict, of: flight.request.operation, after: shared.problem)
        if shared.session.take(verdict, of: flight, refusals: configuration.sessionRefusals) { refreshSession() }
    }

    /// Has the session renewed.
    mutating func refreshSession() { perform(.refreshSession(generation: shared.session.generation)) }

    /// Takes what became of a refresh.
    mutating func refreshed(_ outcome: SessionOutcome, _ generation: Int) {
        shared.session.refreshed(outcome, generation, at: now, configuration, using: &shared.random)
    }
}

/// What one machine found that concerns another.
enum EngineNotice: Sendable, Hashable {
    /// What rows of a table turned out to be, beside being stored.
    case received(Received, table: String)
    /// The record of some entries has another id by now.
    case renamed(entries: [Int64])
    /// The server shows an older state of a table's record: it went back.
    case wentBack(table: String)
    /// What was passed over of a table is shown now.
    case shown(table: String)
}
