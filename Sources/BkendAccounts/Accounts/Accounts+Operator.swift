import BkendWire

/// What an operator does at the server's own machine, without asking a route.
extension Accounts {
    /// The user of an id or an e-mail address; nil when there is none.
    package func find(_ text: String) async throws -> User? {
        try await database.read { db in
            if let user = try UserStore.user(db, id: text) { return user }
            return try EmailAddress(text).flatMap { try UserStore.user(db, email: $0) }
        }
    }

    /// Disables a user: no sign-in, and every session with its tokens ends at once, in every process. Repeating it
    /// changes nothing.
    ///
    /// - Throws: `ErrorBody` when there is no such user.
    package func disable(_ id: String) async throws -> User {
        guard let user = try await database.write(locking: [.user(id)], { db in try UserStore.disable(db, id: id) })
        else { throw Self.unknownUser }
        return user
    }

    /// Lets a disabled user sign in again, by the password that there was; sessions don't come back.
    ///
    /// - Throws: `ErrorBody` when there is no such user.
    package func enable(_ id: String) async throws -> User {
        guard let user = try await database.write(locking: [.user(id)], { db in try UserStore.enable(db, id: id) })
        else { throw Self.unknownUser }
        return user
    }

    /// Mails a user a token to set a password, and returns when the mail is written.
    ///
    /// - Throws: `AccountsFailure` when the user is disabled or the mail can't be written; `ErrorBody` when there is no
    ///   such user.
    package func mailPasswordReset(to id: String) async throws {
        let user = try await user(id: id)
        guard let email = EmailAddress(user.email) else {
            throw AccountsFailure("the user's address \(user.email) takes no mail")
        }
        guard user.disabledAt == nil, try await mailReset(to: email, sparingly: false, now: now) else {
            throw AccountsFailure("\(user.email) is disabled: enable the user first")
        }
    }

    /// Sets a user's password without asking for the old one. Every session ends.
    ///
    /// - Throws: `ErrorBody` for a password that the policy refuses, or when there is no such user.
    package func setPassword(_ password: String, of id: String) async throws {
        let password = try configuration.passwordPolicy.check(password, field: "password")
        let hash = try await passwords.hash(password)
        try await database.write(locking: [.user(id)]) { db in
            guard try UserStore.user(db, id: id) != nil else { throw Self.unknownUser }
            try UserStore.replacePassword(db, of: id, by: hash)
        }
    }
}
