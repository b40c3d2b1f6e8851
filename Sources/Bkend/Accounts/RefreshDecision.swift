import BkendWire

/// What to do about a call whose access token the server refused: decided with the store locked, without I/O.
enum RefreshDecision: Equatable, Sendable {
    /// Send the call again with this session: someone else has refreshed already.
    case resend(Session)
    /// Send this session's refresh token, which nobody has sent yet.
    case refresh(Session)
    /// The session is over, and marked so.
    case end(Session)
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
        } else if refusal == .sessionExpired || stored.status == .refreshing {
            // The lock is ours, so that nobody waits for the answer any more: the token may be spent. Sent once more it
            // could end every session of the user, on all devices.
            self = .end(stored)
        } else {
            self = .refresh(stored)
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
