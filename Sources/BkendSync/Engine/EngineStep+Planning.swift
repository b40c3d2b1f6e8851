import BkendWire

/// What is sent next, and when to look again.
extension EngineStep {
    func plan() throws {
        try noteOwner()
        try noteTakenIn()
        guard try isReady() else { return }
        if state.session.identity == .pending {
            let isAsked = state.flights.contains { $0.flight.errand == .identity }
            if !isAsked, maySend, mayRetry("me") { try send(.identity, .me) }
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
        for table in try tx.tablesToLearn() where !state.specsAsked.contains(table) {
            guard maySend else { return }
            guard mayRetry("spec " + table) else { continue }
            state.specsAsked.insert(table)
            state.specTimes[table] = now
            try send(.spec(table: table), .spec(table: table))
        }
    }

    func learned(_ table: String, _ verdict: Verdict) throws {
        switch verdict {
        case .done(.object(let spec)): try tx.setFacts(TableFacts(spec: spec), of: table)
        // Nothing is known then, and the worst is assumed.
        case .denied, .rejected, .tableRefused, .missing, .done: break
        default:
            state.specsAsked.remove(table)
            retryLater("spec " + table)
        }
    }

    /// Whether creates of a table may carry a key: its schema has been read, or won't be.
    func isLearnt(_ table: String) throws -> Bool {
        if try tx.facts(of: table) != nil { return true }
        if state.specsAsked.contains(table) {
            return !state.flights.contains { $0.flight.errand == .spec(table: table) }
        }
        return state.retries["spec " + table]?.attempts ?? 0 >= 2
    }

    /// The server refused a write: the schema may be another by now.
    func learnAgain(_ table: String) {
        if let asked = state.specTimes[table], asked.advanced(by: configuration.pollCeiling) > now { return }
        state.specsAsked.remove(table)
    }

    private func mayRetry(_ question: String) -> Bool { state.retries[question].map { $0.until <= now } ?? true }

    /// A question that nothing else waits for failed.
    func retryLater(_ question: String) {
        let attempts = (state.retries[question]?.attempts ?? 0) + 1
        state.retries[question] = PushState.Wait(attempts: attempts, until: backoff(attempts))
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
        moments += state.retries.values.map(\.until)
        moments += state.push.waits.values.map(\.until)
        moments += state.push.holds.values
        moments += state.push.pauses.values.map(\.until)
        moments += state.push.parked.values.map(\.until)
        moments += state.push.guarding.suspects.values.map(\.due)
        moments += state.pulls.values.map(\.due)
        return moments.filter { $0 > now }.min()
    }
}
