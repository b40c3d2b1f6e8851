import BkendSync

/// What became of a refresh.
enum RefreshFate {
    case renewed(ServerSessions.Tokens)
    case refused
    case lost
    case notSent
}

extension World {
    /// Signs a device's owner in.
    package func signIn(_ device: SimulatedDevice, as user: String? = nil) {
        let user = user ?? device.owner
        if user.isEmpty {
            device.session = .guest
            return
        }
        if !server.users.contains(user) { server.users.append(user) }
        let tokens = server.sessions.signIn(user, at: now)
        device.session = SimulatedSession(user: user, tokens: tokens, renewalDue: (now + tokens.expires) / 2)
    }

    /// At half of the access token's life it is renewed, so that a lost answer leaves the other half.
    func renewIfDue(_ device: SimulatedDevice) {
        let session = device.session
        guard let due = session.renewalDue, now >= due, session.refreshing == nil, !session.isLastToken else { return }
        sendRefresh(device)
    }

    /// The engine wants another access token.
    func refresh(_ device: SimulatedDevice, generation: Int) {
        device.wantsRefresh = generation
        let session = device.session
        if session.refreshing != nil && !session.isLastToken { return }
        let isGivenUp =
            session.isLastToken && !(planted.refresh == .afterRestart && session.lostBy != device.incarnation)
        if session.tokens == nil || isGivenUp {
            return schedule(
                .refreshed(device: device.number, incarnation: device.incarnation, token: nil, .lost), at: now + 1)
        }
        sendRefresh(device)
    }

    private func sendRefresh(_ device: SimulatedDevice) {
        device.session.firstSent = now
        device.session.isRepeated = false
        guard let token = device.session.tokens?.refresh else { return }
        // Written down before it leaves.
        device.session.refreshing = token
        send(token, from: device, note: "refreshes its session")
    }

    /// The pause after a lost answer is over.
    func refreshAgain(_ device: SimulatedDevice) {
        guard let token = device.session.refreshing else { return }
        device.session.isRepeated = true
        send(token, from: device, note: "refreshes once more")
    }

    private func send(_ token: String, from device: SimulatedDevice, note what: String) {
        var fate = fate(of: "refresh", "", from: device)
        let name = "d\(device.number) refresh lost \(device.sent["refresh ", default: 0])"
        var random = chance.sequence(name)
        if fate.fault == nil, random.hits(refreshLoss), strike(name) { fate.fault = .lostAfter }
        // Half of the grace is for the way. A repetition that takes longer ends the session, which no client can know.
        if device.session.isRepeated, let grace = server.sessions.grace {
            fate.outbound = min(fate.outbound, grace / 4)
        }
        note("d\(device.number) \(what)")
        func end(_ outcome: RefreshFate, at moment: Int64) {
            schedule(
                .refreshed(device: device.number, incarnation: device.incarnation, token: token, outcome), at: moment)
        }
        if device.blackoutUntil > now || fate.fault == .notSent { return end(.notSent, at: now + fate.outbound) }
        if fate.fault == .lostBefore { return end(.lost, at: now + fate.outbound) }
        schedule(
            .refreshArrives(device: device.number, incarnation: device.incarnation, token: token, fate),
            at: now + fate.outbound)
    }

    /// In how many milliseconds a refresh whose answer was lost goes out once more; nil for never.
    private func pauseBeforeRepeating(_ device: SimulatedDevice) -> Int64? {
        guard let first = device.session.firstSent else { return nil }
        if device.session.isRepeated, planted.refresh != .twice { return nil }
        guard let grace = device.announcedGrace ?? (planted.refresh == .withoutSign ? 10_000 : nil) else { return nil }
        if planted.refresh == .late { return grace }
        let pause: Int64 = 250
        return now + pause < first + grace / 2 ? pause : nil
    }

    func refreshArrives(_ number: Int, _ incarnation: Int, _ token: String, _ fate: Fate) throws {
        var outcome = RefreshFate.lost
        switch fate.fault {
        case .portal, .proxy, .serverError, .requestTimeout: break
        // A bkend server says that nothing was done.
        case .tooMany, .storageFull: outcome = .notSent
        default:
            switch server.sessions.refresh(token, at: now) {
            case .success(let tokens): outcome = .renewed(tokens)
            case .failure(let refusal):
                if server.sessions.reuses > 0 { throw Violation(.sessions, "d\(number) used a spent refresh token") }
                note("  (server: refresh refused, \(refusal.code))")
                outcome = .refused
            }
            switch fate.fault {
            case .lostAfter, .cut, .cutUnseen, .gateway, .serverErrorAfter: outcome = .lost
            default: break
            }
        }
        schedule(
            .refreshed(device: number, incarnation: incarnation, token: token, outcome), at: now + fate.inbound)
    }

    func refreshed(_ device: SimulatedDevice, _ fate: RefreshFate) throws {
        var outcome = SessionOutcome.stillUsable
        var fate = fate
        // What a repetition comes to says nothing of the first: it may have spent the token.
        if case .notSent = fate, device.session.isRepeated { fate = .lost }
        if case .lost = fate, let token = device.session.refreshing, let pause = pauseBeforeRepeating(device) {
            return schedule(
                .refreshAgain(device: device.number, incarnation: device.incarnation, token: token), at: now + pause)
        }
        device.session.firstSent = nil
        switch fate {
        case .renewed(let tokens):
            device.announcedGrace = server.sessions.grace
            device.session.tokens = tokens
            device.session.refreshing = nil
            device.session.isLastToken = false
            device.session.renewalDue = (now + tokens.expires) / 2
            outcome = .renewed
        case .notSent:
            device.session.refreshing = nil
            outcome = .unreachable
        case .lost:
            device.session.isLastToken = true
            device.session.lostBy = device.incarnation
            outcome = now < device.session.tokens?.expires ?? 0 ? .stillUsable : .signedOut
        case .refused:
            outcome = .signedOut
        }
        note("d\(device.number) session: \(outcome)")
        if outcome == .signedOut { device.session = SimulatedSession() }
        if let generation = device.wantsRefresh {
            device.wantsRefresh = nil
            try tell(device, .sessionRefreshed(outcome, generation: generation))
        } else if outcome == .signedOut {
            try tell(device, .sessionChanged(user: nil))
        }
    }
}
