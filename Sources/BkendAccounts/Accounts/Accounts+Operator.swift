#if Server
import BkendWire
import GRDB

/// What an operator does at the server's own machine, without asking a route.
extension Accounts {
    /// The user of an id or an e-mail address; nil when there is none.
    package func find(_ text: String) async throws -> User? {
        try await database.read { db in
            if let user = try UserStore.user(db, id: text) { return user }
            return try EmailAddress(text).flatMap { try UserStore.user(db, email: $0) }
        }
    }

    /// Sets a user's password without asking for the old one. Every session ends.
    ///
    /// - Throws: `ErrorBody` for a password that the policy refuses, or when there is no such user.
    package func setPassword(_ password: String, of id: String) async throws {
        let password = try configuration.passwordPolicy.check(password, field: "password")
        let hash = try await passwords.hash(password)
        let now = now
        try await database.write { db in
            guard try UserStore.user(db, id: id) != nil else { throw Self.unknownUser }
            try Self.replacePassword(db, of: id, by: hash, now: now)
        }
    }
}
#endif
