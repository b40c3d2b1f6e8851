import BkendWire
import Foundation
import GRDB

/// Tokens to reset passwords; hashes alone. A user may have several, so that a mail which a stranger asked for doesn't
/// spoil the one that the owner is reading; one that is used ends all.
enum ResetStore {
    /// How many of a user's tokens are good at the same time, the newest ones. More than mails go out in a token's life
    /// unless an operator sends them.
    static let mostTokens = 16

    /// Adds a token, and forgets those of the user that are of no use any more.
    static func add(_ db: Database, hash: Data, userID: String, expiresAt: Timestamp, now: Timestamp) throws {
        try db.execute(
            sql: "INSERT INTO account_reset_tokens (tokenHash, userId, expiresAt) VALUES (?, ?, ?)",
            arguments: [hash, userID, expiresAt.milliseconds])
        try db.execute(
            sql: """
                DELETE FROM account_reset_tokens WHERE userId = ?1 AND (expiresAt <= ?2 OR tokenHash NOT IN (
                    SELECT tokenHash FROM account_reset_tokens WHERE userId = ?1
                    ORDER BY expiresAt DESC, tokenHash = ?3 DESC LIMIT ?4))
                """, arguments: [userID, now.milliseconds, hash, mostTokens])
    }

    /// The user of a token that is good now and was mailed to that address.
    static func user(_ db: Database, hash: Data, email: EmailAddress, now: Timestamp) throws -> User? {
        let id = try String.fetchOne(
            db, sql: "SELECT userId FROM account_reset_tokens WHERE tokenHash = ? AND expiresAt > ?",
            arguments: [hash, now.milliseconds])
        guard let id, let user = try UserStore.user(db, id: id), EmailAddress(user.email) == email else { return nil }
        return user
    }

    /// When the user's newest token expires or expired; nil when there is none.
    static func newestExpiry(_ db: Database, userID: String) throws -> Timestamp? {
        try Int64.fetchOne(
            db, sql: "SELECT max(expiresAt) FROM account_reset_tokens WHERE userId = ?", arguments: [userID]
        ).map { Timestamp(clamping: $0) }
    }

    static func remove(_ db: Database, hash: Data) throws {
        try db.execute(sql: "DELETE FROM account_reset_tokens WHERE tokenHash = ?", arguments: [hash])
    }

    static func remove(_ db: Database, userID: String) throws {
        try db.execute(sql: "DELETE FROM account_reset_tokens WHERE userId = ?", arguments: [userID])
    }

    static func prune(_ db: Database, now: Timestamp) throws {
        try db.execute(sql: "DELETE FROM account_reset_tokens WHERE expiresAt <= ?", arguments: [now.milliseconds])
    }
}
