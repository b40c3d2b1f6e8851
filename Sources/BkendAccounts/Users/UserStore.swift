import BkendStorage
import BkendWire
import Foundation

/// Users and their passwords in the database; every method runs inside the caller's transaction. Those that change a user
/// stamp by its time, and are for whoever has locked the user. A deleted user is found by none of them.
enum UserStore {
    static func user(_ db: any SQLSession, id: String) throws -> User? {
        try db.first(UserSQL.byID, id, read: User.init)
    }

    static func user(_ db: any SQLSession, email: EmailAddress) throws -> User? {
        try db.first(UserSQL.byEmail, email.folded, read: User.init)
    }

    /// Adds a user. Two that add one address at once may both find it free: the column is unique, and the storage runs the
    /// body of the second one again.
    ///
    /// - Throws: `auth/email-already-exists` when another has the address.
    static func insert(_ db: any SQLTransaction, _ user: User, email: EmailAddress, password: PasswordHash?) throws {
        guard try self.user(db, email: email) == nil else { throw emailTaken }
        try db.execute(
            UserSQL.insert, user.id, user.role, user.name, user.nickname, user.email, email.folded, user.image,
            user.emailVerified?.milliseconds, user.onboardingStatus, user.createdAt.milliseconds,
            user.updatedAt.milliseconds, searchText([user.name, user.nickname, user.email]))
        if let password { try setPassword(db, password, of: user.id) }
    }

    /// Writes what a user has become; `updatedAt` never goes backwards.
    static func update(_ db: any SQLTransaction, _ user: User) throws -> User {
        var user = user
        user.updatedAt = max(user.updatedAt, db.now)
        try db.execute(
            UserSQL.update, user.role, user.name, user.nickname, user.image, user.onboardingStatus,
            user.updatedAt.milliseconds, searchText([user.name, user.nickname, user.email]), user.id)
        return user
    }

    /// Deletes a user softly: the row stays, so that `createdBy` of records can be traced; password, resets and
    /// sessions go, and the address may sign up again as another user. False when there is none.
    static func delete(_ db: any SQLTransaction, id: String) throws -> Bool {
        let moment = db.now.milliseconds
        guard try db.execute(UserSQL.delete, moment, moment, moment, id) > 0 else { return false }
        try db.execute(UserSQL.deletePassword, id)
        try SessionStore.endAll(db, userID: id)
        try ResetStore.remove(db, userID: id)
        return true
    }

    /// Keeps a user from signing in, and ends what is signed in: sessions with all their tokens, and tokens to reset the
    /// password. Who is disabled already stays so since then. Nil when there is no such user.
    static func disable(_ db: any SQLTransaction, id: String) throws -> User? {
        let moment = db.now.milliseconds
        try db.execute(UserSQL.disable, moment, moment, moment, id)
        try SessionStore.endAll(db, userID: id)
        try ResetStore.remove(db, userID: id)
        return try user(db, id: id)
    }

    /// Lets a disabled user sign in again; what had ended stays ended. Nil when there is no such user.
    static func enable(_ db: any SQLTransaction, id: String) throws -> User? {
        let moment = db.now.milliseconds
        try db.execute(UserSQL.enable, moment, moment, id)
        return try user(db, id: id)
    }

    static func password(_ db: any SQLSession, of id: String) throws -> PasswordHash? {
        try db.first(UserSQL.password, id) { PasswordHash($0.text(0)) } ?? nil
    }

    static func setPassword(_ db: any SQLTransaction, _ hash: PasswordHash, of id: String) throws {
        try db.execute(UserSQL.setPassword, id, hash.description, db.now.milliseconds)
    }

    /// Puts another password in the place of a user's; every session and every token to reset the password ends.
    static func replacePassword(_ db: any SQLTransaction, of id: String, by hash: PasswordHash) throws {
        try setPassword(db, hash, of: id)
        try SessionStore.endAll(db, userID: id)
        try ResetStore.remove(db, userID: id)
    }

    /// Texts in the form in which they are searched: case doesn't matter.
    static func searchText(_ texts: [String?]) -> String {
        texts.compactMap(\.self).joined(separator: "\n").lowercased().precomposedStringWithCanonicalMapping
    }

    static let emailTaken = ErrorBody(
        .emailAlreadyExists, "an account with this e-mail address already exists",
        details: [.init(field: "email", rule: "unique", message: "already exists")])
}
