#if Server
import BkendWire
import Foundation
import GRDB

/// Tokens to reset passwords: one per user, the newest; hashes alone.
enum ResetStore {
    static func put(_ db: Database, hash: Data, userID: String, expiresAt: Timestamp) throws {
        try db.execute(
            sql: """
                INSERT INTO account_resets (userId, tokenHash, expiresAt) VALUES (?, ?, ?)
                ON CONFLICT (userId) DO UPDATE SET tokenHash = excluded.tokenHash, expiresAt = excluded.expiresAt
                """, arguments: [userID, hash, expiresAt.milliseconds])
    }

    /// The user of a token that is good now and was mailed to that address.
    static func user(_ db: Database, hash: Data, email: EmailAddress, now: Timestamp) throws -> User? {
        let id = try String.fetchOne(
            db, sql: "SELECT userId FROM account_resets WHERE tokenHash = ? AND expiresAt > ?",
            arguments: [hash, now.milliseconds])
        guard let id, let user = try UserStore.user(db, id: id), EmailAddress(user.email) == email else { return nil }
        return user
    }

    static func remove(_ db: Database, userID: String) throws {
        try db.execute(sql: "DELETE FROM account_resets WHERE userId = ?", arguments: [userID])
    }

    static func prune(_ db: Database, now: Timestamp) throws {
        try db.execute(sql: "DELETE FROM account_resets WHERE expiresAt <= ?", arguments: [now.milliseconds])
    }
}
#endif
