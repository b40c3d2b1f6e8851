/// The statements of tokens to reset passwords.
enum ResetSQL {
    static let insert = "INSERT INTO account_reset_tokens (tokenHash, userId, expiresAt) VALUES (?, ?, ?)"
    static let find = "SELECT userId FROM account_reset_tokens WHERE tokenHash = ? AND expiresAt > ?"
    static let take = """
        DELETE FROM account_reset_tokens WHERE tokenHash = ? AND userId = ? AND expiresAt > ? RETURNING userId
        """
    static let newestExpiry = "SELECT max(expiresAt) FROM account_reset_tokens WHERE userId = ?"
    /// Keeps a user's newest tokens, of those that expire at one moment the one that was just added.
    static let trim = """
        DELETE FROM account_reset_tokens WHERE userId = ? AND (expiresAt <= ? OR tokenHash NOT IN (
            SELECT tokenHash FROM account_reset_tokens WHERE userId = ?
            ORDER BY expiresAt DESC, tokenHash = ? DESC LIMIT ?))
        """
    static let delete = "DELETE FROM account_reset_tokens WHERE tokenHash = ?"
    static let deleteAll = "DELETE FROM account_reset_tokens WHERE userId = ?"
    static let prune = "DELETE FROM account_reset_tokens WHERE expiresAt <= ?"

    /// Every statement, to be prepared in a test.
    static let all = [insert, find, take, newestExpiry, trim, delete, deleteAll, prune]
}
