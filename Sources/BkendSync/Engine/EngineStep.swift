import BkendWire

/// One event's work: the store's transaction, the state as it becomes, the effects as they gather. The parts stand in
/// the folders Push, Pull, Comparison and Conflicts.
final class EngineStep {
    let tx: StoreTransaction
    let now: SyncInstant
    let configuration: SyncConfiguration
    let rules: SyncRules
    var state: EngineState
    var effects: [EngineEffect] = []
    /// Apart from `state`, so that it can be drawn from while a part of that changes.
    var random: SyncRandom

    init(
        _ tx: StoreTransaction, state: EngineState, now: SyncInstant, configuration: SyncConfiguration, rules: SyncRules
    ) {
        self.tx = tx
        self.state = state
        self.now = now
        self.configuration = configuration
        self.rules = rules
        random = state.random
    }

    /// Takes events, then plans whatever may be sent, then says when to wake and what the status is.
    func take(_ events: [EngineEvent], orphans: [Int64]) throws {
        if let epoch = state.epoch { try tx.requireLeader(epoch) }
        for sequence in orphans { try orphan(sequence) }
        for event in events { try take(event) }
        if state.epoch != nil { try plan() }
        try announce()
        state.random = random
    }

    private func take(_ event: EngineEvent) throws {
        switch event {
        case .start: try start()
        case .stop: try stop()
        case .pause: state.isPaused = true
        case .resume: state.isPaused = false
        case .syncNow: syncNow()
        case .localWrite: noteLocalWrite()
        case .timer: break
        case .networkChanged(let reachable): networkChanged(reachable)
        case .answered(let id, let response, let verdict): try answered(id, response, read: verdict)
        case .sessionRefreshed(let outcome, let generation): refreshed(outcome, generation)
        case .sessionChanged(let user): sessionChanged(user)
        case .subscriptionsChanged: break
        }
    }

    // MARK: Sending

    /// Hands a request over. For a write, the in-flight mark was made in this transaction.
    func send(
        _ errand: Errand, _ operation: SyncRequest.Operation, body: [UInt8]? = nil, entries: [Int64] = []
    ) throws {
        let id = RequestID(number: state.nextRequest)
        state.nextRequest += 1
        let request = SyncRequest(
            operation, body: body, user: try tx.owner, deadline: configuration.requestDeadline, entries: entries)
        let flight = Flight(
            errand: errand, request: request, sentAt: now, mark: try tx.mark, session: state.session.generation)
        state.flights.append((id, flight))
        effects.append(.send(id, request))
    }

    /// Whether another request may go out.
    var maySend: Bool { state.gate.admits(at: now, underWay: state.flights.count) }

    // MARK: Answers

    private func answered(_ id: RequestID, _ response: SyncResponse, read: Verdict?) throws {
        guard let index = state.flights.firstIndex(where: { $0.id == id }) else { return }
        let flight = state.flights.remove(at: index).flight
        let verdict = read ?? rules.verdict(flight.request.operation, response)
        if case .answered(let answer) = response, verdict.isServersWord {
            noteClock(answer.date, askedAt: flight.sentAt)
        }
        note(verdict, of: flight)
        if try isRefusedToFormerOwner(verdict, flight) { return }
        switch flight.errand {
        case .identity: try identified(verdict)
        case .spec(let table): try learned(table, verdict)
        case .create(let sequence): try created(sequence, verdict)
        case .update(let sequence, let asRead): try updated(sequence, verdict, asRead: asRead)
        case .delete(let sequence): try deleted(sequence, verdict)
        case .copies(let table, let sequences): try copiesRead(table, sequences, verdict)
        case .copy(let sequence): try copyRead(sequence, verdict)
        case .lookup(let table, let sequences): try lookedUp(table, sequences, verdict, flight)
        case .settle(let sequence): try settled(sequence, verdict, flight)
        case .look(let row): try looked(row, verdict, flight)
        case .unwanted(let deletion): try unwantedDeleted(deletion, verdict)
        case .pull(let number, let ask):
            var date: Timestamp?
            if case .answered(let answer) = response { date = answer.date }
            try pulled(number, ask, verdict, flight, date: date)
        }
    }

    /// An answer couldn't be kept because the store couldn't write: the request may have been applied.
    private func orphan(_ sequence: Int64) throws {
        guard let entry = try tx.entry(sequence), entry.state == .inFlight else { return }
        try tx.markAmbiguous(sequence, EntryFailure(code: "storeFailed", message: "the response couldn't be stored"))
        state.push.entries[sequence].lostAt = now
    }

    /// Notes a failure for the status: in words of ours, since a server's may quote what it was sent.
    func fail(
        _ operation: String, table: String? = nil, code: ErrorCode? = nil, status: Int? = nil, _ message: String
    ) {
        state.problem = SyncProblem(
            operation: operation, table: table, code: code, status: status, message: message)
    }
}

extension EngineState {
    /// A request's answer is not coming, or came to nothing.
    mutating func abandon(_ flight: Flight) {
        if case .spec(let table) = flight.errand { tables[table].isSpecAsked = false }
        guard case .pull(let number, let ask) = flight.errand, var pull = pulls[number] else { return }
        if case .first(let first) = ask, case .first(var pulling, let startedAt) = pull.phase {
            pulling.failed(first)
            pull.phase = .first(pulling, startedAt: startedAt)
        } else if case .poll = pull.phase {
            pull.phase = .idle
        }
        pulls[number] = pull
    }
}
