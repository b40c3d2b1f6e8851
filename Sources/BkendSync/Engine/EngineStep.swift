import BkendWire

/// One event's work: the store's transaction, the state as it becomes, the effects as they gather.
final class EngineStep {
    var turn: EngineTurn<StoreTransaction>
    var state: EngineState

    init(
        _ tx: StoreTransaction, state: EngineState, now: SyncInstant, configuration: SyncConfiguration, rules: SyncRules
    ) {
        turn = EngineTurn(tx, state.shared, now: now, configuration: configuration, rules: rules)
        self.state = state
    }

    var tx: StoreTransaction { turn.store }
    var now: SyncInstant { turn.now }
    var configuration: SyncConfiguration { turn.configuration }
    var rules: SyncRules { turn.rules }

    /// Takes events, then plans whatever may be sent, then says when to wake and what the status is.
    func take(_ events: [EngineEvent], orphans: [Int64]) throws {
        if let epoch = turn.shared.epoch { try tx.requireLeader(epoch) }
        for sequence in orphans { try orphan(sequence) }
        for event in events { try take(event) }
        if turn.shared.epoch != nil { try plan() }
        state.shared = turn.shared
        try announce()
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
        case .sessionRefreshed(let outcome, let generation):
            turn.refreshed(outcome, generation)
        case .sessionChanged(let user): sessionChanged(user)
        case .subscriptionsChanged: break
        }
    }

    // MARK: Answers

    private func answered(_ id: RequestID, _ response: SyncResponse, read: Verdict?) throws {
        guard let flight = turn.shared.flights.land(id) else { return }
        let verdict = read ?? rules.verdict(flight.request.operation, response)
        var date: Timestamp?
        if case .answered(let answer) = response { date = answer.date }
        if let date, verdict.isServersWord { state.pull.noteClock(date, askedAt: flight.sentAt, &turn) }
        turn.heard(verdict, of: flight)
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
            try state.pull.answered(number, ask, verdict, flight, date: date, &turn)
        }
        try deliver()
    }

    /// Tells each machine what another one found.
    func deliver() throws {
        for notice in turn.takeNotices() {
            switch notice {
            case .received(let received, let table): try take(received, table: table)
            case .wentBack(let table): state.pull.compareFully(table)
            case .shown(let table): state.pull.readAgain(table)
            }
        }
    }

    /// An answer couldn't be kept because the store couldn't write: the request may have been applied.
    private func orphan(_ sequence: Int64) throws {
        guard let entry = try tx.entry(sequence), entry.state == .inFlight else { return }
        try tx.markAmbiguous(sequence, EntryFailure(code: "storeFailed", message: "the response couldn't be stored"))
        state.push.entries[sequence].lostAt = now
    }
}
