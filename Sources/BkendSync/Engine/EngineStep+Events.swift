import BkendWire

/// What the app and the system say.
extension EngineStep {
    func start() throws {
        guard turn.shared.epoch == nil else { return }
        turn.shared.epoch = try tx.lead()
        turn.shared.tables = Memories()
        state.startedAt = now
        state.push = PushState()
        // What was sent before counts as lost at the start.
        state.push.newestEntry = try tx.newestEntry
        try restoreHolds()
        state.pull = PullMachine()
    }

    /// Lets go of everything; what was in flight is ambiguous at once, so that the next leader need not wait for us.
    func stop() throws {
        guard turn.shared.epoch != nil else { return }
        for flight in turn.shared.flights.all {
            turn.perform(.cancel(flight.id))
            for sequence in flight.request.entries where flight.request.operation.isWrite {
                guard let entry = try tx.entry(sequence), entry.state == .inFlight else { continue }
                try tx.markAmbiguous(sequence, EntryFailure(code: "stopped", message: "syncing was stopped"))
            }
        }
        state.shared = turn.shared
        let (wake, status) = (state.wake, state.status)
        state = state.letGo
        state.wake = wake
        state.status = status
        turn.shared = state.shared
    }

    func syncNow() {
        turn.shared.gate.tryNow(at: now)
        turn.shared.session.tryNow(at: now)
        turn.shared.tables.changeAll { [now] in $0.specWait?.until = now }
        state.push.notBefore = nil
        state.push.entries.changeAll { [now] memory in
            memory.wait?.until = now
            memory.parking?.until = now
        }
        state.push.places.changeAll { [now] in $0.pause?.until = now }
        state.pull.readAll(at: now, asking: turn.shared.flights.subscriptions)
    }

    /// Waits a little for more writes; the first one sets the moment.
    func noteLocalWrite() {
        if state.push.notBefore == nil { state.push.notBefore = now.advanced(by: configuration.debounce) }
    }

    func networkChanged(_ reachable: Bool) {
        state.isUnreachable = !reachable
        guard reachable else { return }
        turn.shared.gate.tryNow(at: now)
        state.pull.poll(at: now)
    }

    func sessionChanged(_ user: String?) {
        turn.shared.session.changed(to: user)
        turn.shared.gate.tryNow(at: now)
        // The same user may be somebody else to the server by now: another role.
        state.pull.poll(at: now)
        state.pull.compareFully()
    }

    func identified(_ verdict: Verdict) throws {
        if try turn.shared.session.identified(verdict, tx, server: configuration.server) { return }
        turn.shared.session.identityWait = turn.later(turn.shared.session.identityWait)
    }
}
