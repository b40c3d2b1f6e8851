import BkendStorage
import BkendWire
import Foundation

/// Tokens to reset passwords; hashes alone. A user may have several, so that a mail which a stranger asked for doesn't
/// spoil the one that the owner is reading; one that is used ends all.
enum ResetStore {
    /// How many of a user's tokens are good at the same time, the newest ones. More than mails go out in a token's life
    /// unless an operator sends them.
    static let mostTokens = 16

    /// Adds a token, and forgets those of the user that are of no use any more.
    static func add(_ db: any SQLTransaction, hash: Data, userID: String, expiresAt: Timestamp, now: Timestamp) throws {
        try db.execute(ResetSQL.insert, hash, userID, expiresAt.milliseconds)
        try db.execute(ResetSQL.trim, userID, now.milliseconds, userID, hash, mostTokens)
    }

    /// The user of a token that is good now and was mailed to that address.
    static func user(_ db: any SQLSession, hash: Data, email: EmailAddress, now: Timestamp) throws -> User? {
        let id = try db.first(ResetSQL.find, hash, now.milliseconds) { $0.text(0) }
        guard let id, let user = try UserStore.user(db, id: id), EmailAddress(user.email) == email else { return nil }
        return user
    }

    /// Takes a user's token that was good at that moment; false when there is none. Of two that come with one token, one
    /// takes it.
    static func take(_ db: any SQLTransaction, hash: Data, userID: String, goodAt moment: Timestamp) throws -> Bool {
        try db.returning(ResetSQL.take, hash, userID, moment.milliseconds) { $0.text(0) } != nil
    }

    /// When the user's newest token expires or expired; nil when there is none.
    static func newestExpiry(_ db: any SQLSession, userID: String) throws -> Timestamp? {
        try db.first(ResetSQL.newestExpiry, userID) { $0.optionalInt(0).map(Timestamp.init(clamping:)) } ?? nil
    }

    static func remove(_ db: any SQLTransaction, hash: Data) throws { try db.execute(ResetSQL.delete, hash) }

    static func remove(_ db: any SQLTransaction, userID: String) throws { try db.execute(ResetSQL.deleteAll, userID) }

    static func prune(_ db: any SQLTransaction) throws { try db.execute(ResetSQL.prune, db.now.milliseconds) }
}
