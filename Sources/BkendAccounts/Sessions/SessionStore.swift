import BkendWire
import Foundation
import GRDB

/// Sessions in the database; every method runs inside the caller's transaction.
enum SessionStore {
    private static let columns = """
        id, userId, userAgent, ipAddress, deviceInfo, lastActivityAt, createdAt, endedAt, tagKey, generation, \
        tokenHash, issuedAt, previousHash, rotationSecret
        """

    /// Starts a session; gives its first refresh token.
    static func start(
        _ db: Database, userID: String, client: ClientInfo, random: RandomBytes, now: Timestamp
    ) throws -> RefreshToken {
        let tagKey = Data(random(32))
        let token = RefreshToken(sessionID: random.uuid(), generation: 0, secret: random(32), tagKey: tagKey)
        let moment = now.milliseconds
        let values: StatementArguments = [
            token.sessionID, userID, client.userAgent, client.address, client.deviceInfo, moment, moment, tagKey,
            token.hash, moment,
        ]
        try db.cachedStatement(
            sql: """
                INSERT INTO account_sessions (id, userId, userAgent, ipAddress, deviceInfo, lastActivityAt, createdAt,
                    tagKey, generation, tokenHash, issuedAt)
                VALUES (?, ?, ?, ?, ?, ?, ?, ?, 0, ?, ?)
                """
        ).execute(arguments: values)
        return token
    }

    static func session(_ db: Database, id: String) throws -> Session? {
        try Row.fetchOne(
            db.cachedStatement(sql: "SELECT \(columns) FROM account_sessions WHERE id = ?"), arguments: [id]
        ).map(Session.init)
    }

    /// Lets a session's token be followed by another.
    static func rotate(
        _ db: Database, _ session: Session, to token: RefreshToken, rotation: Data, client: ClientInfo, now: Timestamp
    ) throws {
        try db.cachedStatement(
            sql: """
                UPDATE account_sessions SET generation = ?, tokenHash = ?, previousHash = tokenHash, rotationSecret = ?,
                    issuedAt = ?, lastActivityAt = max(lastActivityAt, ?), userAgent = coalesce(?, userAgent),
                    ipAddress = coalesce(?, ipAddress), deviceInfo = coalesce(?, deviceInfo)
                WHERE id = ?
                """
        ).execute(arguments: [
            token.generation, token.hash, rotation, now.milliseconds, now.milliseconds, client.userAgent,
            client.address, client.deviceInfo, session.id,
        ])
    }

    /// Ends one live session of a user; false when there is none of that id.
    static func end(_ db: Database, id: String, userID: String, now: Timestamp) throws -> Bool {
        try db.execute(
            sql: """
                UPDATE account_sessions SET endedAt = ?, rotationSecret = NULL
                WHERE id = ? AND userId = ? AND endedAt IS NULL
                """, arguments: [now.milliseconds, id, userID])
        return db.changesCount > 0
    }

    /// Ends every session of a user.
    static func endAll(_ db: Database, userID: String, now: Timestamp) throws {
        try db.execute(
            sql: """
                UPDATE account_sessions SET endedAt = ?, rotationSecret = NULL WHERE userId = ? AND endedAt IS NULL
                """, arguments: [now.milliseconds, userID])
    }

    /// A user's live sessions, the newest first.
    static func list(
        _ db: Database, userID: String, page: Query.Page, lifetimes: SessionLifetimes, now: Timestamp
    ) throws -> (sessions: [Session], total: Int) {
        let condition = "userId = ? AND endedAt IS NULL AND lastActivityAt > ?"
        let oldest = now.milliseconds - lifetimes.unused.milliseconds
        let total = try Int.fetchOne(
            db, sql: "SELECT count(*) FROM account_sessions WHERE \(condition)", arguments: [userID, oldest])
        let rows = try Row.fetchAll(
            db,
            sql: """
                SELECT \(columns) FROM account_sessions WHERE \(condition)
                ORDER BY createdAt DESC, id DESC LIMIT ? OFFSET ?
                """, arguments: [userID, oldest, page.limit, page.skipped])
        return (rows.map(Session.init), total ?? 0)
    }

    /// Forgets sessions that nobody can use or misuse any more: untouched for longer than any of their tokens lives.
    static func prune(_ db: Database, lifetimes: SessionLifetimes, now: Timestamp) throws {
        let longest = max(lifetimes.refreshToken.milliseconds, lifetimes.unused.milliseconds)
        try db.execute(
            sql: "DELETE FROM account_sessions WHERE lastActivityAt < ?", arguments: [now.milliseconds - longest])
    }
}
