import BkendWire

/// What is sent next, and when to look again.
extension EngineStep {
    func plan() throws {
        try noteOwner()
        try noteTakenIn()
        guard try isReady() else { return }
        if state.session.identity == .pending {
            let isAsked = state.flights.contains { $0.flight.errand == .identity }
            if !isAsked, maySend, isDue(state.identityWait) { try send(.identity, .me) }
            return
        }
        if let retryAt = state.session.retryAt {
            guard now >= retryAt else { return }
            state.session.retryAt = nil
            refreshSession()
        }
        if state.session.isRefreshing { return }
        try planSettling()
        try planPulls()
        try planLooks()
        try planQueued()
        try planSpecs()
    }

    /// Whether anything may be sent at all.
    private func isReady() throws -> Bool {
        guard !state.isPaused, state.session.isKnown, let user = state.session.user,
            try user.hasSameBytes(as: tx.owner)
        else { return false }
        // Told that there is no network, nothing is tried: the word that it is back comes.
        if state.isUnreachable { return false }
        try checkIdentity()
        return state.session.identity != .refused
    }

    /// Reads the specs of tables that have writes or subscriptions: once a start, since schemas change, and again when
    /// the server has refused a write.
    private func planSpecs() throws {
        for table in try tx.tablesToLearn() where !state.tables[table].isSpecAsked {
            guard maySend else { return }
            guard isDue(state.tables[table].specWait) else { continue }
            state.tables[table].isSpecAsked = true
            state.tables[table].specAskedAt = now
            try send(.spec(table: table), .spec(table: table))
        }
    }

    func learned(_ table: String, _ verdict: Verdict) throws {
        switch verdict {
        case .done(.object(let spec)): try tx.setFacts(TableFacts(spec: spec), of: table)
        // Nothing is known then, and the worst is assumed.
        case .denied, .rejected, .tableRefused, .missing, .done: break
        default:
            state.tables[table].isSpecAsked = false
            state.tables[table].specWait = later(state.tables[table].specWait)
        }
    }

    /// Whether creates of a table may carry a key: its schema has been read, or won't be.
    func isLearnt(_ table: String) throws -> Bool {
        if try tx.facts(of: table) != nil { return true }
        if state.tables[table].isSpecAsked {
            return !state.flights.contains { $0.flight.errand == .spec(table: table) }
        }
        return state.tables[table].specWait?.attempts ?? 0 >= configuration.specAttempts
    }

    /// The server refused a write: the schema may be another by now.
    func learnAgain(_ table: String) {
        if let asked = state.tables[table].specAskedAt, asked.advanced(by: configuration.pollCeiling) > now { return }
        state.tables[table].isSpecAsked = false
    }

    private func isDue(_ wait: RetryWait?) -> Bool { wait.map { $0.until <= now } ?? true }

    /// How long something waits that has failed once more.
    func later(_ former: RetryWait?) -> RetryWait {
        let attempts = (former?.attempts ?? 0) + 1
        return RetryWait(attempts: attempts, until: backoff(attempts))
    }

    // MARK: Waking and saying

    func announce() throws {
        let wake = try nextWake()
        if wake != state.wake {
            state.wake = wake
            effects.append(.wake(at: wake))
        }
        let status = try currentStatus()
        if status != state.status {
            state.status = status
            effects.append(.status(status))
        }
    }

    private func nextWake() throws -> SyncInstant? {
        guard state.epoch != nil, !state.isPaused, state.session.user != nil, !state.isUnreachable else { return nil }
        var moments: [SyncInstant] = []
        if let closed = state.gate.closedUntil, closed > now { return closed }
        // The gate is ajar: the request under way decides.
        if state.gate.closedUntil != nil, !state.flights.isEmpty { return nil }
        if let moment = state.session.retryAt { moments.append(moment) }
        if let moment = state.push.notBefore { moments.append(moment) }
        if let wait = state.identityWait { moments.append(wait.until) }
        moments += state.tables.all.compactMap(\.specWait?.until)
        moments += state.push.entries.all.compactMap(\.wait?.until)
        moments += state.push.entries.all.compactMap(\.parking?.until)
        moments += state.push.holds.values
        moments += state.push.places.all.compactMap(\.pause?.until)
        moments += state.push.guarding.suspects.values.map(\.due)
        moments += state.pulls.values.map(\.due)
        return moments.filter { $0 > now }.min()
    }
}
