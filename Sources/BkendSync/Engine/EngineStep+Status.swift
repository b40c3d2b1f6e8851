import BkendWire

/// The published status.
extension EngineStep {
    func currentStatus() throws -> SyncStatus {
        var status = SyncStatus()
        status.state = try currentState()
        let counts = try currentCounts()
        status.pending = counts.pending
        status.failed = counts.failed
        status.unresolved = counts.unresolved
        status.reports = counts.reports
        status.lastError = state.problem
        status.subscriptions = state.pulls.values.sorted { $0.number < $1.number }.map { $0.status(at: now) }
        status.pausedTables = state.push.pauses.sorted { $0.key < $1.key }.map { place, pause in
            TablePause(table: place.table, kind: place.kind, reason: pause.reason, until: pause.until)
        }
        return status
    }

    private func currentState() throws -> SyncStatus.State {
        guard state.epoch != nil else { return .stopped }
        if state.isPaused { return .paused(.requested) }
        guard state.session.isKnown else { return .paused(.noSession) }
        guard let user = state.session.user else { return .signedOut }
        if try !user.hasSameBytes(as: tx.owner) { return .paused(.otherUser) }
        if state.session.identity == .refused { return .paused(.otherServer) }
        if state.isUnreachable { return .offline }
        // Asked to try now, it is no longer known to be offline; tried by itself, it is until an answer comes.
        if state.gate.isAsked, !state.flights.isEmpty { return .syncing }
        if let closed = state.gate.closedUntil {
            switch state.gate.reason {
            case .unreachable: return .offline
            case .paused(let reason): return .paused(reason)
            case .patience, nil: return .waiting(until: closed)
            }
        }
        // One thing that can't leave closes nothing, but where it is all there is to send, nobody else would say so.
        if state.gate.isCutOff { return .offline }
        if let retryAt = state.session.retryAt { return .waiting(until: retryAt) }
        let isBusy = !state.flights.isEmpty || state.session.isRefreshing || state.push.notBefore != nil
        return isBusy ? .syncing : .idle
    }

    /// The outbox's counts, taken anew when it changed.
    private func currentCounts() throws -> OutboxCounts {
        let version = try tx.outboxVersion
        if let (known, counts) = state.counts, known == version, !tx.touchesOutbox { return counts }
        let counts = try tx.outboxCounts()
        // What this transaction changes moves the version only at its end.
        state.counts = tx.touchesOutbox ? nil : (version, counts)
        return counts
    }
}

extension PullState {
    /// The state to show.
    func status(at now: SyncInstant) -> SubscriptionStatus {
        var phase = SubscriptionStatus.Phase.filling
        switch progress.refusal {
        case .query(let reason): phase = .paused(reason)
        case .denied: phase = .denied
        case nil: if progress.isFilled { phase = .current }
        }
        var status = SubscriptionStatus(
            id: number, table: query.table, phase: phase, lastSuccess: progress.drainedAt)
        status.isUpToDate = reading == .complete
        if case .first(let pull, let startedAt) = self.phase {
            status.received = pull.received
            status.expected = pull.expected
            let seconds = startedAt.duration(to: now) / .seconds(1)
            if seconds > 0, pull.received > 0 { status.rate = Double(pull.received) / seconds }
        }
        return status
    }
}
