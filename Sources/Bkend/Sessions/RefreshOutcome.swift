import BkendTransport
import BkendWire
import Foundation

/// What an attempt to refresh has come to.
enum RefreshOutcome: Sendable {
    /// The next pair.
    case renewed(Session)
    /// The refresh token wasn't used, and is good for another attempt.
    case unspent(BkendError)
    /// No answer that can be used came back, and the token may be spent: what came in its place.
    case lost(BkendError?)
    /// The server has refused the token: the session is over.
    case ended

    init(_ result: Result<JSON, BkendError>, of session: Session, now: Date) {
        switch result {
        case .success(let answer):
            self =
                Session(answer, server: session.server, userID: session.userID, now: now).map(Self.renewed)
                ?? .lost(nil)
        case .failure(let error): self.init(error)
        }
    }

    private init(_ error: BkendError) {
        switch error.reason {
        case .server(let body):
            let refusals: Set<ErrorCode> = [
                .invalidRefreshToken, .sessionExpired, .invalidToken, .tokenExpired, .accountBanned,
            ]
            // A bkend server says by these two that nothing was done; its other failures leave that open.
            let unchanged: Set<ErrorCode> = [.serviceUnavailable, .insufficientStorage]
            if body.status >= 500 {
                self = unchanged.contains(body.code) ? .unspent(error) : .lost(error)
            } else {
                self = refusals.contains(body.code) ? .ended : .unspent(error)
            }
        case .transport(let failure): self = failure.delivery == .notSent ? .unspent(error) : .lost(error)
        case .cancelled(let delivery): self = delivery == .notSent ? .unspent(error) : .lost(error)
        case .foreignAnswer, .decoding: self = .lost(error)
        case .encoding, .notExpressible, .invalidArgument, .unsupported, .sessionEnded, .sessionStore, .file:
            self = .unspent(error)
        }
    }

    /// Whether the request never left, for want of a connection: then another may be tried.
    var foundNoServer: Bool {
        guard case .unspent(let error) = self, case .transport(let failure) = error.reason else { return false }
        return failure.delivery == .notSent && failure.kind.isTransient
    }
}
