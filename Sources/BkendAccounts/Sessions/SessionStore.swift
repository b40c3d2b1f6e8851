import BkendStorage
import BkendWire
import Foundation

/// Sessions in the database; every method runs inside the caller's transaction. Those that write stamp by its time, and
/// are for whoever has locked the session's user, but for `prune`.
enum SessionStore {
    /// Starts a session; gives its first refresh token.
    static func start(
        _ db: any SQLTransaction, userID: String, client: ClientInfo, random: RandomBytes
    ) throws -> RefreshToken {
        let tagKey = Data(random(32))
        let token = RefreshToken(sessionID: random.uuid(), generation: 0, secret: random(32), tagKey: tagKey)
        let moment = db.now.milliseconds
        try db.execute(
            SessionSQL.insert, token.sessionID, userID, client.userAgent, client.address, client.deviceInfo, moment,
            moment, tagKey, token.hash, moment)
        return token
    }

    static func session(_ db: any SQLSession, id: String) throws -> Session? {
        try db.first(SessionSQL.byID, id, read: Session.init)
    }

    /// Lets a session's token be followed by another.
    static func rotate(
        _ db: any SQLTransaction, _ session: Session, to token: RefreshToken, rotation: Data, client: ClientInfo
    ) throws {
        let moment = db.now.milliseconds
        try db.execute(
            SessionSQL.rotate, token.generation, token.hash, rotation, moment, moment, moment, client.userAgent,
            client.address, client.deviceInfo, session.id)
    }

    /// Ends one live session of a user; false when there is none of that id.
    static func end(_ db: any SQLTransaction, id: String, userID: String) throws -> Bool {
        try db.execute(SessionSQL.end, db.now.milliseconds, id, userID) > 0
    }

    /// Ends every session of a user.
    static func endAll(_ db: any SQLTransaction, userID: String) throws {
        try db.execute(SessionSQL.endAll, db.now.milliseconds, userID)
    }

    /// A user's live sessions, the newest first.
    static func list(
        _ db: any SQLSession, userID: String, page: Query.Page, lifetimes: SessionLifetimes, now: Timestamp
    ) throws -> (sessions: [Session], total: Int) {
        let oldest = now.milliseconds - lifetimes.unused.milliseconds
        let total = try db.count(SessionSQL.count, arguments: [.text(userID), .int(oldest)])
        let sessions = try db.all(SessionSQL.page, userID, oldest, page.limit, page.skipped, read: Session.init)
        return (sessions, total)
    }

    /// Forgets sessions that nobody can use or misuse any more: untouched for longer than any of their tokens lives.
    static func prune(_ db: any SQLTransaction, lifetimes: SessionLifetimes) throws {
        let longest = max(lifetimes.refreshToken.milliseconds, lifetimes.unused.milliseconds)
        try db.execute(SessionSQL.prune, db.now.milliseconds - longest)
    }
}
