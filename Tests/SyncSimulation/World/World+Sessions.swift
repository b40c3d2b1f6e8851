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
        if session.tokens == nil || session.isLastToken && !planted.resendsRefresh {
            return schedule(
                .refreshed(device: device.number, incarnation: device.incarnation, token: nil, .lost), at: now + 1)
        }
        sendRefresh(device)
    }

    private func sendRefresh(_ device: SimulatedDevice) {
        guard let token = device.session.tokens?.refresh else { return }
        // Written down before it leaves.
        device.session.refreshing = token
        let fate = fate(of: "refresh", "", from: device)
        note("d\(device.number) refreshes its session")
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

    func refreshArrives(_ number: Int, _ incarnation: Int, _ token: String, _ fate: Fate) throws {
        var outcome = RefreshFate.lost
        switch fate.fault {
        case .portal, .proxy, .serverError, .requestTimeout, .storageFull: break
        case .tooMany: outcome = .notSent
        default:
            switch server.sessions.refresh(token, at: now) {
            case .success(let tokens): outcome = .renewed(tokens)
            case .failure(let refusal):
                if server.sessions.reuses > 0 { throw Violation(.sessions, "d\(number) used a refresh token twice") }
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
        switch fate {
        case .renewed(let tokens):
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
