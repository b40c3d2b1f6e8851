import BkendWire
import Foundation

/// What becomes of a refresh token that a client presents (rest-api.md §8). Pure: the token, the session's row and the
/// time in, a decision out.
enum RefreshDecision: Equatable, Sendable {
    /// The token is good: it dies, and a new pair is issued.
    case rotate
    /// The token died a moment ago, and its successor wasn't used: the same successors are given again, since an answer
    /// was lost or two tabs refreshed. They are derived anew, never issued a second time (`RefreshToken`): however often
    /// it is asked, a session has one living refresh token.
    case repeatSuccessor
    /// The token died earlier: someone has a copy. Every session of the user ends.
    case theft
    /// The session is over, or too long unused.
    case ended
    /// The token was never issued.
    case unknown

    /// Decides.
    init(_ token: RefreshToken, in session: Session?, lifetimes: SessionLifetimes, now: Timestamp) {
        guard let session, token.isGenuine(tagKey: session.tagKey), token.generation <= session.generation else {
            self = .unknown
            return
        }
        // A stale copy of a session that is over can't hurt, and must not end those that go on.
        guard session.isAlive(at: now, lifetimes: lifetimes),
            now.milliseconds - session.issuedAt.milliseconds < lifetimes.refreshToken.milliseconds
        else {
            self = .ended
            return
        }
        if token.generation == session.generation {
            self = ConstantTime.areEqual(token.hash, session.tokenHash) ? .rotate : .unknown
            return
        }
        // A clock that was set back makes the time since negative, and must not sign anyone out.
        let isRecent = now.milliseconds - session.issuedAt.milliseconds < lifetimes.grace.milliseconds
        let isPredecessor = session.previousHash.map { ConstantTime.areEqual(token.hash, $0) } ?? false
        self = isPredecessor && isRecent && lifetimes.grace > .zero ? .repeatSuccessor : .theft
    }
}

/// How long sessions and their tokens live (rest-api.md §8).
package struct SessionLifetimes: Hashable, Sendable {
    /// From its issue, a refresh token.
    package var refreshToken: Duration = .seconds(30 * 86_400)
    /// From its last use, a session.
    package var unused: Duration = .seconds(7 * 86_400)
    /// After a refresh, the old token's right to the same answer; zero for none.
    package var grace: Duration = .seconds(10)

    /// The defaults.
    package init() {}
}

extension Duration {
    var milliseconds: Int64 { components.seconds * 1_000 + components.attoseconds / 1_000_000_000_000_000 }
}
