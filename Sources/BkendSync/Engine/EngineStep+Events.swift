import BkendWire

/// What the app and the system say.
extension EngineStep {
    func start() throws {
        guard state.epoch == nil else { return }
        state.epoch = try tx.lead()
        state.startedAt = now
        state.push = PushState()
        // What was sent before counts as lost at the start.
        state.push.newestEntry = try tx.newestEntry
        try restoreHolds()
        state.pulls = [:]
        state.tables = Memories()
    }

    /// Lets go of everything; what was in flight is ambiguous at once, so that the next leader need not wait for us.
    func stop() throws {
        guard state.epoch != nil else { return }
        for (id, flight) in state.flights {
            effects.append(.cancel(id))
            for sequence in flight.request.entries where flight.request.operation.isWrite {
                guard let entry = try tx.entry(sequence), entry.state == .inFlight else { continue }
                try tx.markAmbiguous(sequence, EntryFailure(code: "stopped", message: "syncing was stopped"))
            }
        }
        let session = state.session
        let isPaused = state.isPaused
        state = EngineState(
            random: random, nextRequest: state.nextRequest, wake: state.wake, status: state.status)
        state.session = session.atRest
        state.isPaused = isPaused
    }

    func syncNow() {
        state.push.notBefore = nil
        state.gate.tryNow(at: now)
        state.push.entries.changeAll { [now] memory in
            memory.wait?.until = now
            memory.parking?.until = now
        }
        state.push.places.changeAll { [now] in $0.pause?.until = now }
        let asking = Set(state.flights.compactMap(\.flight.errand.subscription))
        for number in state.pulls.keys.sorted() {
            state.pulls[number]?.due = now
            state.pulls[number]?.mustRead = true
            state.pulls[number]?.reading = asking.contains(number) ? .askedAgain : .unread
        }
        state.identityWait?.until = now
        state.tables.changeAll { [now] in $0.specWait?.until = now }
        if state.session.retryAt != nil { state.session.retryAt = now }
    }

    /// Waits a little for more writes; the first one sets the moment.
    func noteLocalWrite() {
        if state.push.notBefore == nil { state.push.notBefore = now.advanced(by: configuration.debounce) }
    }

    func networkChanged(_ reachable: Bool) {
        state.isUnreachable = !reachable
        guard reachable else { return }
        state.gate.tryNow(at: now)
        for number in state.pulls.keys.sorted() { state.pulls[number]?.due = now }
    }

    // MARK: The session

    func sessionChanged(_ user: String?) {
        let isOther = !state.session.isKnown || state.session.user != user
        let identity = state.session.identity
        state.session = SessionState(isKnown: true, user: user, generation: state.session.generation + 1)
        if !isOther { state.session.identity = identity }
        state.gate.tryNow(at: now)
        // The same user may be somebody else to the server by now: another role.
        for number in state.pulls.keys.sorted() {
            state.pulls[number]?.due = now
            state.pulls[number]?.wantsFull = true
        }
    }

    func refreshed(_ outcome: SessionOutcome, _ generation: Int) {
        guard state.session.isRefreshing, generation == state.session.generation else { return }
        state.session.isRefreshing = false
        switch outcome {
        case .renewed, .stillUsable:
            state.session.generation += 1
            state.session.retryAt = nil
        case .signedOut: state.session.user = nil
        case .unreachable:
            state.session.retryAt = now.advanced(
                by: Backoff.wait(
                    attempt: configuration.refreshAttempt, ceiling: configuration.backoffCeiling, using: &random))
        }
    }

    /// The server didn't accept the session. A refusal of a request that left before the session was renewed says
    /// nothing about it; several in a row with a token that is said to be good end it.
    func sessionRefused(_ flight: Flight) {
        guard flight.session == state.session.generation, state.session.user != nil else { return }
        if state.session.isRefreshing || state.session.retryAt != nil { return }
        state.session.refusals += 1
        if state.session.refusals > configuration.sessionRefusals {
            state.session.user = nil
        } else {
            refreshSession()
        }
    }

    /// Has the session renewed.
    func refreshSession() {
        state.session.isRefreshing = true
        effects.append(.refreshSession(generation: state.session.generation))
    }

    /// The performer sends nothing as the store's owner: nobody is signed in, or somebody else. What it found before the
    /// session was last changed or renewed says nothing about the present one.
    func sendingRefused(_ flight: Flight, as user: String?) {
        if flight.session == state.session.generation { state.session.user = user }
    }

    // MARK: The server

    /// Asks who we are when the store was last synced with another server or key; otherwise notes this one.
    func checkIdentity() throws {
        guard state.session.identity == .unchecked else { return }
        guard let known = try tx.meta("server"), !known.hasSameBytes(as: configuration.server) else {
            if try tx.meta("server") == nil { try tx.setMeta("server", configuration.server) }
            state.session.identity = .confirmed
            return
        }
        // Nobody can say whether a guest is the same one.
        if try tx.owner.isEmpty { state.session.identity = .refused } else { state.session.identity = .pending }
    }

    func identified(_ verdict: Verdict) throws {
        guard state.session.identity == .pending else { return }
        guard case .done(.object(let user)) = verdict else { return state.identityWait = later(state.identityWait) }
        if try user["id"]?.stringValue?.hasSameBytes(as: tx.owner) ?? false {
            try tx.setMeta("server", configuration.server)
            state.session.identity = .confirmed
        } else {
            state.session.identity = .refused
        }
    }

    /// Notes the server's time. When it goes back, rows written since then bear stamps below the cursor: every
    /// subscription reads from there again.
    func noteClock(_ date: Timestamp?, askedAt: SyncInstant) {
        guard let date else { return }
        if let (last, at) = state.serverClock,
            last.milliseconds - date.milliseconds > configuration.overlap.milliseconds
        {
            // An answer that was overtaken on its way is no clock that went back.
            if askedAt < at { return }
            let since = date.milliseconds - at.duration(to: now).milliseconds
            for number in state.pulls.keys.sorted() {
                state.pulls[number]?.clockWentBack(to: Timestamp(clamping: since))
            }
        }
        state.serverClock = (date, now)
    }
}
