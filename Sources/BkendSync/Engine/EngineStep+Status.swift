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
        status.lastError = state.shared.problem
        status.subscriptions = state.pull.ordered.map { $0.status(at: now) }
        status.pausedTables = state.push.pauses.sorted { $0.key < $1.key }.map { place, pause in
            TablePause(table: place.table, kind: place.kind, reason: pause.reason, until: pause.until)
        }
        return status
    }

    private func currentState() throws -> SyncStatus.State {
        guard state.shared.epoch != nil else { return .stopped }
        if state.isPaused { return .paused(.requested) }
        guard state.shared.session.isKnown else { return .paused(.noSession) }
        guard let user = state.shared.session.user else { return .signedOut }
        if try !user.hasSameBytes(as: tx.owner) { return .paused(.otherUser) }
        if state.shared.session.identity == .refused { return .paused(.otherServer) }
        if state.isUnreachable { return .offline }
        // Asked to try now, it is no longer known to be offline; tried by itself, it is until an answer comes.
        if state.shared.gate.isAsked, !state.shared.flights.isEmpty { return .syncing }
        if let closed = state.shared.gate.closedUntil {
            switch state.shared.gate.reason {
            case .unreachable: return .offline
            case .paused(let reason): return .paused(reason)
            case .patience, nil: return .waiting(until: closed)
            }
        }
        // One thing that can't leave closes nothing, but where it is all there is to send, nobody else would say so.
        if state.shared.gate.isCutOff { return .offline }
        if let retryAt = state.shared.session.retryAt { return .waiting(until: retryAt) }
        let isBusy = !state.shared.flights.isEmpty || state.shared.session.isRefreshing || state.push.notBefore != nil
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
