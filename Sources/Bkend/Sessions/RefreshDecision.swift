import BkendWire

/// What to do about a call whose access token the server refused: decided with the store locked, without I/O.
enum RefreshDecision: Equatable, Sendable {
    /// Send the call again with this session: someone else has refreshed already.
    case resend(Session)
    /// Send this session's refresh token, which nobody has sent yet.
    case refresh(Session)
    /// The session is over, and marked so.
    case end(Session)
    /// Mark the session as one that can't be renewed; its access token may still be good.
    case useUp(Session)
    /// Hand the refusal to the caller: the user has signed out meanwhile, another one has signed in, or the end of the
    /// session is known already.
    case giveUp

    /// - Parameters:
    ///   - stored: what the store holds now.
    ///   - used: what the call was sent with.
    ///   - refusal: what the server said.
    init(stored: Session?, used: Session, refusal: ErrorCode) {
        // A call is never sent again as another user.
        guard let stored, stored.status != .ended, stored.server.hasSameBytes(as: used.server),
            stored.userID.hasSameBytes(as: used.userID)
        else {
            self = .giveUp
            return
        }
        if !stored.accessToken.hasSameBytes(as: used.accessToken) {
            self = .resend(stored)
        } else if refusal == .sessionExpired || stored.status != .active {
            // Marked as refreshing with the lock ours: nobody waits for the answer any more. The token may be spent, and
            // sent once more it could end every session of the user, on all devices.
            self = .end(stored)
        } else {
            self = .refresh(stored)
        }
    }

    /// What to do about a session that is due, decided with the store locked: `giveUp` where nothing is left to do.
    init(ahead stored: Session?, of used: Session) {
        guard let stored, stored.server.hasSameBytes(as: used.server), stored.userID.hasSameBytes(as: used.userID),
            stored.accessToken.hasSameBytes(as: used.accessToken)
        else {
            self = .giveUp
            return
        }
        switch stored.status {
        case .active: self = .refresh(stored)
        // A process died while it waited for the answer; what is left of the access token is used up.
        case .refreshing: self = .useUp(stored)
        case .unrenewable, .ended: self = .giveUp
        }
    }

    /// Whether a refusal is about the access token, so that another one may help.
    static func concerns(_ error: BkendError) -> ErrorCode? {
        guard case .server(let body) = error.reason, body.status == 401 else { return nil }
        switch body.code {
        case .tokenExpired, .invalidToken, .sessionExpired: return body.code
        default: return nil
        }
    }
}
