/// The statements of sessions.
enum SessionSQL {
    /// What `Session.init(row:)` reads, in this order.
    static let columns = """
        id, userId, userAgent, ipAddress, deviceInfo, lastActivityAt, createdAt, endedAt, tagKey, generation, \
        tokenHash, issuedAt, previousHash, rotationSecret
        """

    static let byID = "SELECT \(columns) FROM account_sessions WHERE id = ?"

    /// The role of the user of a living session: what an access token is checked by at each use.
    static let check = """
        SELECT u.role FROM account_sessions s JOIN account_users u ON u.id = s.userId
        WHERE s.id = ? AND s.userId = ? AND s.endedAt IS NULL AND u.deletedAt IS NULL AND u.disabledAt IS NULL
        """

    static let insert = """
        INSERT INTO account_sessions (id, userId, userAgent, ipAddress, deviceInfo, lastActivityAt, createdAt,
            tagKey, generation, tokenHash, issuedAt)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, 0, ?, ?)
        """
    static let rotate = """
        UPDATE account_sessions SET generation = ?, tokenHash = ?, previousHash = tokenHash, rotationSecret = ?,
            issuedAt = ?, lastActivityAt = CASE WHEN lastActivityAt < ? THEN ? ELSE lastActivityAt END,
            userAgent = coalesce(?, userAgent), ipAddress = coalesce(?, ipAddress),
            deviceInfo = coalesce(?, deviceInfo)
        WHERE id = ?
        """
    static let end = """
        UPDATE account_sessions SET endedAt = ?, rotationSecret = NULL
        WHERE id = ? AND userId = ? AND endedAt IS NULL
        """
    static let endAll = """
        UPDATE account_sessions SET endedAt = ?, rotationSecret = NULL WHERE userId = ? AND endedAt IS NULL
        """
    static let prune = "DELETE FROM account_sessions WHERE lastActivityAt < ?"

    static let count = "SELECT count(*) FROM account_sessions WHERE \(living)"
    static let page = """
        SELECT \(columns) FROM account_sessions WHERE \(living) ORDER BY createdAt DESC, id DESC LIMIT ? OFFSET ?
        """

    private static let living = "userId = ? AND endedAt IS NULL AND lastActivityAt > ?"

    /// Every statement, to be prepared in a test.
    static let all = [byID, check, insert, rotate, end, endAll, prune, count, page]
}
