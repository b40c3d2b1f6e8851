import BkendWire

/// One transaction's work: it gives each event to the machine that it concerns, has every machine plan what may be sent,
/// and says when to wake and what the status is. What is sent, and what an answer means, the machines decide.
struct EngineStep {
    private(set) var state: EngineState
    private var turn: EngineTurn<EngineTransaction>

    init(
        _ transaction: StoreTransaction, state: EngineState, now: SyncInstant, configuration: SyncConfiguration,
        rules: SyncRules
    ) {
        self.state = state
        turn = EngineTurn(
            EngineTransaction(store: transaction), state.shared, now: now, configuration: configuration, rules: rules)
    }

    /// What is to be done, in order.
    var effects: [EngineEffect] { turn.effects }

    /// Takes events, then plans whatever may be sent, then says when to wake and what the status is.
    mutating func take(_ events: [EngineEvent], orphans: [Int64]) throws {
        if let epoch = turn.shared.epoch { try turn.store.requireLeader(epoch) }
        for sequence in orphans { try state.push.orphan(sequence, &turn) }
        for event in events { try take(event) }
        if turn.shared.epoch != nil { try plan() }
        state.shared = turn.shared
        try announce()
    }

    private mutating func take(_ event: EngineEvent) throws {
        switch event {
        case .start: try start()
        case .stop: try stop()
        case .pause: state.isPaused = true
        case .resume: state.isPaused = false
        case .syncNow: syncNow()
        case .uploadNow: try state.uploads.uploadNow(turn)
        case .localWrite: state.push.noteLocalWrite(turn)
        case .networkChanged(let reachable): networkChanged(reachable)
        case .answered(let id, let response, let verdict): try answered(id, response, read: verdict)
        case .sessionRefreshed(let outcome, let generation): turn.refreshed(outcome, generation)
        case .sessionChanged(let user): sessionChanged(user)
        // What is due or new is found by planning.
        case .timer, .subscriptionsChanged: break
        }
    }

    // MARK: What the app and the system say

    private mutating func start() throws {
        guard turn.shared.epoch == nil else { return }
        turn.shared.epoch = try turn.store.lead()
        turn.shared.tables = Memories()
        state.push = try PushMachine(&turn)
        state.uploads = UploadMachine()
        state.downloads = DownloadMachine()
        state.pull = PullMachine()
    }

    /// Lets go of everything.
    private mutating func stop() throws {
        guard turn.shared.epoch != nil else { return }
        try state.push.stop(&turn)
        for flight in turn.shared.flights.all { turn.perform(.cancel(flight.id)) }
        state.shared = turn.shared
        let (wake, status) = (state.wake, state.status)
        state = state.letGo
        state.wake = wake
        state.status = status
        turn.shared = state.shared
    }

    private mutating func syncNow() {
        let now = turn.now
        // The app asks for a try, whatever the system said about the network.
        state.isUnreachable = false
        turn.shared.gate.tryNow(at: now)
        turn.shared.session.tryNow(at: now)
        turn.shared.tables.changeAll { $0.specWait?.until = now }
        state.push.tryNow(at: now)
        state.uploads.tryNow(at: now)
        state.downloads.tryNow(at: now)
        state.pull.readAll(at: now, asking: turn.shared.flights.subscriptions)
    }

    private mutating func networkChanged(_ reachable: Bool) {
        state.isUnreachable = !reachable
        guard reachable else { return }
        turn.shared.gate.tryNow(at: turn.now)
        state.pull.poll(at: turn.now)
    }

    private mutating func sessionChanged(_ user: String?) {
        turn.shared.session.changed(to: user)
        turn.shared.gate.tryNow(at: turn.now)
        // The same user may be somebody else to the server by now: another role.
        state.pull.poll(at: turn.now)
        state.pull.compareFully()
    }

    // MARK: Answers

    private mutating func answered(_ id: RequestID, _ response: SyncResponse, read: Verdict?) throws {
        guard let flight = turn.shared.flights.land(id) else { return }
        let verdict = read ?? turn.rules.verdict(flight.request.operation, response)
        var date: Timestamp?
        if case .answered(let answer) = response { date = answer.date }
        if let date, verdict.isServersWord { state.pull.noteClock(date, askedAt: flight.sentAt, &turn) }
        turn.heard(verdict, of: flight)
        if try state.push.isRefusedToFormerOwner(verdict, flight, &turn) { return }
        switch flight.errand {
        case .identity:
            let server = turn.configuration.server
            if try !turn.shared.session.identified(verdict, turn.store, server: server) {
                turn.shared.session.identityWait = turn.later(turn.shared.session.identityWait)
            }
        case .spec(let table): try turn.learned(table, verdict)
        case .create(let sequence): try state.push.created(sequence, verdict, &turn)
        case .update(let sequence, let asRead): try state.push.updated(sequence, verdict, asRead: asRead, &turn)
        case .delete(let sequence): try state.push.deleted(sequence, verdict, &turn)
        case .copies(let table, let sequences): try state.push.copiesRead(table, sequences, verdict, &turn)
        case .copy(let sequence): try state.push.copyRead(sequence, verdict, &turn)
        case .lookup(let table, let sequences): try state.push.lookedUp(table, sequences, verdict, flight, &turn)
        case .settle(let sequence): try state.push.settled(sequence, verdict, flight, &turn)
        case .look(let row): try state.push.guarding.looked(row, verdict, flight, &turn)
        case .unwanted(let deletion): try state.push.guarding.deleted(deletion, verdict, &turn)
        case .upload(let errand): try state.uploads.answered(errand, verdict, date: date, &turn)
        case .download(let errand): try state.downloads.answered(errand, verdict, of: flight.request, &turn)
        case .deleteFile(let sequence): try state.uploads.deleted(sequence, verdict, &turn)
        case .pull(let number, let ask):
            try state.pull.answered(number, ask, verdict, flight, date: date, &turn)
        }
        deliver()
    }

    /// Tells each machine what another one found.
    private mutating func deliver() {
        for notice in turn.takeNotices() {
            switch notice {
            case .received(let received, let table): state.push.take(received, table: table, &turn)
            case .renamed(let entries): state.push.renamed(entries)
            case .wentBack(let table): state.pull.compareFully(table)
            case .shown(let table): state.pull.readAgain(table)
            }
        }
    }

    // MARK: Planning

    /// Has every machine send what may be sent; ambiguous writes are settled before anything else.
    private mutating func plan() throws {
        try state.push.noteOwner(&turn)
        try state.push.noteTakenIn(&turn)
        guard try isReady() else { return }
        if turn.shared.session.identity == .pending {
            let isAsked = turn.shared.flights.contains(.identity)
            if !isAsked, turn.maySend, turn.isDue(turn.shared.session.identityWait) {
                try turn.send(.identity, .me)
            }
            return
        }
        if turn.shared.session.retryAt != nil {
            guard turn.shared.session.retries(at: turn.now) else { return }
            turn.refreshSession()
        }
        if turn.shared.session.isRefreshing { return }
        try state.push.planSettling(&turn)
        try state.pull.plan(&turn)
        try state.push.guarding.plan(&turn)
        try state.push.planQueued(&turn)
        try state.uploads.plan(&turn)
        try state.downloads.plan(&turn)
        try turn.planSpecs()
        deliver()
    }

    /// Whether anything may be sent at all.
    private mutating func isReady() throws -> Bool {
        guard !state.isPaused, let user = turn.shared.session.user, try user.hasSameBytes(as: turn.store.owner) else {
            return false
        }
        // Told that there is no network, nothing is tried: the word that it is back comes.
        if state.isUnreachable { return false }
        let server = turn.configuration.server
        try turn.shared.session.checkIdentity(turn.store, server: server)
        return turn.shared.session.identity != .refused
    }

    // MARK: Announcing

    private mutating func announce() throws {
        let wake = state.nextWake(after: turn.now)
        if wake != state.wake {
            state.wake = wake
            turn.perform(.wake(at: wake))
        }
        let status = try state.currentStatus(turn)
        if status != state.status {
            state.status = status
            turn.perform(.status(status))
        }
    }
}
