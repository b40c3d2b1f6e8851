import BkendStorage
import BkendWire
import Foundation
import Logging

extension Accounts {
    /// What the transaction of a refresh has settled; theft is settled too, and so committed.
    private enum Refreshed: Sendable {
        case pair(RefreshToken, userID: String, tokenID: String, issuedAt: Timestamp)
        case refused(RefreshDecision)
    }

    /// `POST /v1/auth/refresh`: a new pair for a refresh token, which dies by it.
    package func refresh(_ body: JSONObject, client: ClientInfo) async throws -> AccountAnswer {
        let now = now
        try gate.refresh(client: client.key, now: now)
        let text = try BodyFields(body).required("refreshToken")
        guard let token = RefreshToken(text) else { throw Self.unknownRefreshToken }
        let lifetimes = configuration.lifetimes
        let random = random
        let outcome = try await database.write(locking: []) { db in
            try Self.refresh(db, token, lifetimes: lifetimes, client: client, random: random, presented: now)
        }
        switch outcome {
        case .pair(let successor, let userID, let tokenID, let issuedAt):
            return AccountAnswer(
                try await tokenAnswer(successor, userID: userID, tokenID: tokenID, issuedAt: issuedAt))
        case .refused(.ended): throw TokenRefusal.sessionEnded
        case .refused(.theft):
            logger.warning("a spent refresh token came back; every session of its user has ended")
            throw ErrorBody(
                .invalidRefreshToken, "the refresh token was used before; every session has ended, sign in again")
        case .refused: throw Self.unknownRefreshToken
        }
    }

    /// Whose session it is the token doesn't tell, so that the user is locked once the session was read. Of two that
    /// present one token, the second finds what the first has made of it.
    ///
    /// A new pair is issued at the time of the transaction. Stamped by when its request came, a pair that had to wait
    /// would be older than its grace when it is first seen.
    ///
    /// - Parameter presented: when the request came: what waits for its turn grows no older by it.
    private static func refresh(
        _ db: any SQLTransaction, _ token: RefreshToken, lifetimes: SessionLifetimes, client: ClientInfo,
        random: RandomBytes, presented: Timestamp
    ) throws -> Refreshed {
        let session = try SessionStore.session(db, id: token.sessionID)
        let decision = RefreshDecision(token, in: session, lifetimes: lifetimes, now: presented)
        // A made-up token locks nothing, and a session that has ended stays so.
        guard let session, decision != .unknown, decision != .ended else { return .refused(decision) }
        try db.hold([.user(session.userID)])
        switch decision {
        case .rotate:
            let rotation = Data(random(32))
            let (successor, tokenID) = pair(after: token, in: session, rotation: rotation)
            try SessionStore.rotate(db, session, to: successor, rotation: rotation, client: client)
            return .pair(successor, userID: session.userID, tokenID: tokenID, issuedAt: db.now)
        case .repeatSuccessor:
            guard let rotation = session.rotationSecret else { return .refused(.unknown) }
            let (successor, tokenID) = pair(after: token, in: session, rotation: rotation)
            return .pair(successor, userID: session.userID, tokenID: tokenID, issuedAt: session.issuedAt)
        case .theft:
            try SessionStore.endAll(db, userID: session.userID)
            return .refused(.theft)
        case .ended, .unknown: return .refused(decision)
        }
    }

    private static func pair(
        after token: RefreshToken, in session: Session, rotation: Data
    ) -> (RefreshToken, tokenID: String) {
        let successor = RefreshToken(
            sessionID: session.id, generation: token.generation + 1,
            secret: token.successorSecret(rotation: rotation), tagKey: session.tagKey)
        return (successor, token.successorTokenID(rotation: rotation))
    }

    private static let unknownRefreshToken = ErrorBody(
        .invalidRefreshToken, "the refresh token is not valid; sign in again")
}
