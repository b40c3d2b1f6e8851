import BkendWire

/// What is sent next, and when to look again.
extension EngineStep {
    func plan() throws {
        try noteOwner()
        try noteTakenIn()
        guard try isReady() else { return }
        if turn.shared.session.identity == .pending {
            let isAsked = turn.shared.flights.contains(.identity)
            if !isAsked, turn.maySend, turn.isDue(turn.shared.session.identityWait) {
                try turn.send(.identity, .me)
            }
            return
        }
        if turn.shared.session.retryAt != nil {
            guard turn.shared.session.retries(at: now) else { return }
            turn.refreshSession()
        }
        if turn.shared.session.isRefreshing { return }
        try planSettling()
        try state.pull.plan(&turn)
        try planLooks()
        try planQueued()
        try planSpecs()
        try deliver()
    }

    /// Whether anything may be sent at all.
    private func isReady() throws -> Bool {
        guard !state.isPaused, turn.shared.session.isKnown, let user = turn.shared.session.user,
            try user.hasSameBytes(as: tx.owner)
        else { return false }
        // Told that there is no network, nothing is tried: the word that it is back comes.
        if state.isUnreachable { return false }
        try turn.shared.session.checkIdentity(tx, server: configuration.server)
        return turn.shared.session.identity != .refused
    }

    /// Reads the specs of tables that have writes or subscriptions: once a start, since schemas change, and again when
    /// the server has refused a write.
    private func planSpecs() throws {
        for table in try tx.tablesToLearn() where !turn.shared.tables[table].isSpecAsked {
            guard turn.maySend else { return }
            guard turn.isDue(turn.shared.tables[table].specWait) else { continue }
            turn.shared.tables[table].isSpecAsked = true
            turn.shared.tables[table].specAskedAt = now
            try turn.send(.spec(table: table), .spec(table: table))
        }
    }

    func learned(_ table: String, _ verdict: Verdict) throws {
        switch verdict {
        case .done(.object(let spec)): try tx.setFacts(TableFacts(spec: spec), of: table)
        // Nothing is known then, and the worst is assumed.
        case .denied, .rejected, .tableRefused, .missing, .done: break
        default:
            turn.shared.tables[table].isSpecAsked = false
            turn.shared.tables[table].specWait = turn.later(turn.shared.tables[table].specWait)
        }
    }

    /// Whether creates of a table may carry a key: its schema has been read, or won't be.
    func isLearnt(_ table: String) throws -> Bool {
        if try tx.facts(of: table) != nil { return true }
        if turn.shared.tables[table].isSpecAsked {
            return !turn.shared.flights.contains(.spec(table: table))
        }
        return turn.shared.tables[table].specWait?.attempts ?? 0 >= configuration.specAttempts
    }

    /// The server refused a write: the schema may be another by now.
    func learnAgain(_ table: String) {
        if let asked = turn.shared.tables[table].specAskedAt, asked.advanced(by: configuration.pollCeiling) > now {
            return
        }
        turn.shared.tables[table].isSpecAsked = false
    }

    // MARK: Waking and saying

    func announce() throws {
        let wake = try nextWake()
        if wake != state.wake {
            state.wake = wake
            turn.perform(.wake(at: wake))
        }
        let status = try currentStatus()
        if status != state.status {
            state.status = status
            turn.perform(.status(status))
        }
    }

    private func nextWake() throws -> SyncInstant? {
        guard state.shared.epoch != nil, !state.isPaused, state.shared.session.user != nil, !state.isUnreachable else {
            return nil
        }
        var moments: [SyncInstant] = []
        if let closed = state.shared.gate.closedUntil, closed > now { return closed }
        // The gate is ajar: the request under way decides.
        if state.shared.gate.closedUntil != nil, !state.shared.flights.isEmpty { return nil }
        if let moment = state.shared.session.retryAt { moments.append(moment) }
        if let moment = state.push.notBefore { moments.append(moment) }
        if let wait = state.shared.session.identityWait { moments.append(wait.until) }
        moments += state.shared.tables.all.compactMap(\.specWait?.until)
        moments += state.push.entries.all.compactMap(\.wait?.until)
        moments += state.push.entries.all.compactMap(\.parking?.until)
        moments += state.push.holds.values
        moments += state.push.places.all.compactMap(\.pause?.until)
        moments += state.push.guarding.suspects.values.map(\.due)
        moments += state.pull.pulls.values.map(\.due)
        return moments.filter { $0 > now }.min()
    }
}
