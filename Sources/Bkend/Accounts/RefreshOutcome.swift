import BkendTransport
import BkendWire
import Foundation

/// What an attempt to refresh has come to.
enum RefreshOutcome: Sendable {
    /// The next pair.
    case renewed(Session)
    /// The refresh token wasn't used, and is good for another attempt.
    case unspent(BkendError)
    /// The session is over: refused, or the answer was lost, so that the token may be spent.
    case ended(BkendError?)

    init(_ result: Result<JSON, BkendError>, of session: Session, now: Date) {
        switch result {
        case .success(let answer):
            self =
                Session(answer, server: session.server, userID: session.userID, now: now).map(Self.renewed)
                ?? .ended(nil)
        case .failure(let error):
            self = Self.isUnspent(error) ? .unspent(error) : .ended(error)
        }
    }

    private static func isUnspent(_ error: BkendError) -> Bool {
        switch error.reason {
        case .server(let body):
            let refusals: Set<ErrorCode> = [
                .invalidRefreshToken, .sessionExpired, .invalidToken, .tokenExpired, .accountBanned,
            ]
            return body.status < 500 && !refusals.contains(body.code)
        case .transport(let error): return error.delivery == .notSent
        case .cancelled(let delivery): return delivery == .notSent
        case .foreignAnswer, .decoding: return false
        case .encoding, .notExpressible, .invalidArgument, .sessionEnded, .sessionStore: return true
        }
    }
}
