import BkendWire
import Foundation
import GRDB

/// Users and their passwords in the database; every method runs inside the caller's transaction. A deleted user is
/// found by none of them.
enum UserStore {
    static func user(_ db: Database, id: String) throws -> User? {
        try Row.fetchOne(
            db.cachedStatement(sql: "SELECT \(User.columns) FROM account_users WHERE id = ? AND deletedAt IS NULL"),
            arguments: [id]
        ).map(User.init)
    }

    static func user(_ db: Database, email: EmailAddress) throws -> User? {
        try Row.fetchOne(
            db.cachedStatement(
                sql: "SELECT \(User.columns) FROM account_users WHERE emailFolded = ? AND deletedAt IS NULL"),
            arguments: [email.folded]
        ).map(User.init)
    }

    /// Adds a user.
    ///
    /// - Throws: `auth/email-already-exists` when another has the address.
    static func insert(_ db: Database, _ user: User, email: EmailAddress, password: PasswordHash?) throws {
        guard try self.user(db, email: email) == nil else { throw emailTaken }
        try db.execute(
            sql: """
                INSERT INTO account_users (id, role, name, nickname, email, emailFolded, image, emailVerified,
                    onboardingStatus, createdAt, updatedAt, searchText)
                VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
                """,
            arguments: [
                user.id, user.role, user.name, user.nickname, user.email, email.folded, user.image,
                user.emailVerified?.milliseconds, user.onboardingStatus, user.createdAt.milliseconds,
                user.updatedAt.milliseconds, searchText([user.name, user.nickname, user.email]),
            ])
        if let password { try setPassword(db, password, of: user.id, now: user.createdAt) }
    }

    /// Writes what a user has become; `updatedAt` never goes backwards.
    static func update(_ db: Database, _ user: User, now: Timestamp) throws -> User {
        var user = user
        user.updatedAt = max(user.updatedAt, now)
        try db.execute(
            sql: """
                UPDATE account_users SET role = ?, name = ?, nickname = ?, image = ?, onboardingStatus = ?,
                    updatedAt = ?, searchText = ?
                WHERE id = ? AND deletedAt IS NULL
                """,
            arguments: [
                user.role, user.name, user.nickname, user.image, user.onboardingStatus, user.updatedAt.milliseconds,
                searchText([user.name, user.nickname, user.email]), user.id,
            ])
        return user
    }

    /// Deletes a user softly: the row stays, so that `createdBy` of records can be traced; password, resets and
    /// sessions go, and the address may sign up again as another user. False when there is none.
    static func delete(_ db: Database, id: String, now: Timestamp) throws -> Bool {
        try db.execute(
            sql: """
                UPDATE account_users SET deletedAt = ?1, updatedAt = max(updatedAt, ?1), emailFolded = NULL
                WHERE id = ?2 AND deletedAt IS NULL
                """, arguments: [now.milliseconds, id])
        guard db.changesCount > 0 else { return false }
        try db.execute(sql: "DELETE FROM account_passwords WHERE userId = ?", arguments: [id])
        try ResetStore.remove(db, userID: id)
        try SessionStore.endAll(db, userID: id, now: now)
        return true
    }

    /// Keeps a user from signing in, and ends what is signed in: sessions with all their tokens, and tokens to reset the
    /// password. Who is disabled already stays so since then. Nil when there is no such user.
    static func disable(_ db: Database, id: String, now: Timestamp) throws -> User? {
        try db.execute(
            sql: """
                UPDATE account_users SET disabledAt = ?1, updatedAt = max(updatedAt, ?1)
                WHERE id = ?2 AND deletedAt IS NULL AND disabledAt IS NULL
                """, arguments: [now.milliseconds, id])
        try ResetStore.remove(db, userID: id)
        try SessionStore.endAll(db, userID: id, now: now)
        return try user(db, id: id)
    }

    /// Lets a disabled user sign in again; what had ended stays ended. Nil when there is no such user.
    static func enable(_ db: Database, id: String, now: Timestamp) throws -> User? {
        try db.execute(
            sql: """
                UPDATE account_users SET disabledAt = NULL, updatedAt = max(updatedAt, ?)
                WHERE id = ? AND deletedAt IS NULL AND disabledAt IS NOT NULL
                """, arguments: [now.milliseconds, id])
        return try user(db, id: id)
    }

    static func password(_ db: Database, of id: String) throws -> PasswordHash? {
        try String.fetchOne(
            db.cachedStatement(sql: "SELECT hash FROM account_passwords WHERE userId = ?"), arguments: [id]
        ).flatMap(PasswordHash.init)
    }

    static func setPassword(_ db: Database, _ hash: PasswordHash, of id: String, now: Timestamp) throws {
        try db.execute(
            sql: """
                INSERT INTO account_passwords (userId, hash, changedAt) VALUES (?, ?, ?)
                ON CONFLICT (userId) DO UPDATE SET hash = excluded.hash, changedAt = excluded.changedAt
                """, arguments: [id, hash.description, now.milliseconds])
    }

    /// Texts in the form in which they are searched: case doesn't matter.
    static func searchText(_ texts: [String?]) -> String {
        texts.compactMap(\.self).joined(separator: "\n").lowercased().precomposedStringWithCanonicalMapping
    }

    static let emailTaken = ErrorBody(
        .emailAlreadyExists, "an account with this e-mail address already exists",
        details: [.init(field: "email", rule: "unique", message: "already exists")])
}
