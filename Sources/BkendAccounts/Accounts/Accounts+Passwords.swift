import BkendWire
import Logging

extension Accounts {
    /// `POST /v1/auth/password/change`. Every session ends, the caller's too: sign in again with the new password.
    ///
    /// The current password counts against the limits of sign-in, or a borrowed phone would be a place to guess it.
    package func changePassword(
        _ body: JSONObject, _ caller: Caller, client: ClientInfo
    ) async throws -> AccountAnswer {
        let id = try caller.signedIn()
        let fields = BodyFields(body)
        let policy = configuration.passwordPolicy
        let current = try fields.password("currentPassword", maximumBytes: policy.maximumBytes)
        let new = try fields.newPassword("newPassword", policy: policy)
        let now = now
        let user = try await user(id: id)
        let address = EmailAddress(user.email)?.folded ?? user.email
        let attempt = try gate.signIn(client: client.key, address: address, now: now)
        let (stored, verdict) = try await counting(attempt) {
            let stored = try await database.read { db in try UserStore.password(db, of: id) }
            return (stored, try await passwords.check(current, against: stored))
        }
        guard verdict != .wrong else {
            throw ErrorBody(.invalidCredentials, "currentPassword is wrong")
        }
        gate.takeBack(attempt)
        guard new.bytes != current.bytes else { throw Self.samePassword }
        let hash = try await passwords.hash(new)
        let isChanged = try await database.write(locking: [.user(id)]) { db in
            guard try UserStore.password(db, of: id) == stored else { return false }
            try UserStore.replacePassword(db, of: id, by: hash)
            return true
        }
        guard isChanged else { throw ErrorBody(.invalidCredentials, "the password was changed a moment ago") }
        return AccountAnswer(message: "the password has been changed; every session has ended, sign in again")
    }

    /// `POST /v1/auth/password/reset/request`. The answer and its time are the same for every address: what there is to
    /// do, down to looking the address up, is done after it. What fails then is for the operator: it is logged with the
    /// request's id, and counted.
    ///
    /// Whoever asks too often is refused by client. An account's mails have a limit as well, but it refuses nobody:
    /// past it no mail is sent while the owner has one with a good token, and every token stays good until it expires
    /// or one of them is used. So strangers can neither fill a mailbox nor keep its owner from a reset.
    package func requestPasswordReset(
        _ body: JSONObject, client: ClientInfo, requestID: String? = nil
    ) async throws -> AccountAnswer {
        let email = try BodyFields(body).email()
        let now = now
        try gate.resetRequest(client: client.key, address: email.folded, now: now)
        let metadata: Logger.Metadata = requestID.map { ["request": "\($0)"] } ?? [:]
        let isStarted = await background.start { [self] in
            do { _ = try await mailReset(to: email, sparingly: true, now: now) } catch {
                mailFailed()
                logger.error(
                    "a mail to reset a password could not be sent",
                    metadata: metadata.merging(["error": "\(error)"]) { $1 })
            }
        }
        if !isStarted {
            mailFailed()
            logger.error("too many mails are being sent; one to reset a password was dropped", metadata: metadata)
        }
        return AccountAnswer(message: "if the address belongs to an account, a mail is on its way")
    }

    /// `POST /v1/auth/password/reset/confirm`. An unknown address, a wrong, spent and expired token are answered alike.
    package func confirmPasswordReset(_ body: JSONObject, client: ClientInfo) async throws -> AccountAnswer {
        let fields = BodyFields(body)
        let email = try fields.email()
        let token = try fields.required("token")
        let password = try fields.newPassword("newPassword", policy: configuration.passwordPolicy)
        let now = now
        let attempt = try gate.resetConfirm(client: client.key, now: now)
        return try await counting(attempt) {
            try await confirmPasswordReset(email, token: token, password, client: client, now: now)
        }
    }

    private func confirmPasswordReset(
        _ email: EmailAddress, token: String, _ password: Password, client: ClientInfo, now: Timestamp
    ) async throws -> AccountAnswer {
        let hash = sha256(Array(token.utf8))
        let found = try await database.read { db -> (user: User, stored: PasswordHash?)? in
            guard let user = try ResetStore.user(db, hash: hash, email: email, now: now) else { return nil }
            return (user, try UserStore.password(db, of: user.id))
        }
        guard let found else { throw Self.wrongResetToken }
        if let stored = found.stored, try await passwords.check(password, against: stored) != .wrong {
            throw Self.samePassword
        }
        let new = try await passwords.hash(password)
        try await database.write(locking: [.user(found.user.id)]) { db in
            guard try UserStore.user(db, id: found.user.id) != nil,
                try ResetStore.take(db, hash: hash, userID: found.user.id, goodAt: now)
            else { throw Self.wrongResetToken }
            try UserStore.replacePassword(db, of: found.user.id, by: new)
        }
        gate.forgive(client: client.key, address: email.folded)
        return AccountAnswer(message: "the password has been set; sign in with it")
    }

    /// Mails a token to the user of an address; false when there is none, or one who may not sign in anyway.
    ///
    /// - Parameter sparingly: sends none past the account's limit while the newest token is good for half its life yet.
    func mailReset(to email: EmailAddress, sparingly: Bool, now: Timestamp) async throws -> Bool {
        // An unknown address costs no write.
        let found = try await database.read { db -> (user: User, newest: Timestamp?)? in
            guard let user = try UserStore.user(db, email: email), user.disabledAt == nil else { return nil }
            return (user, try ResetStore.newestExpiry(db, userID: user.id))
        }
        guard let found else { return false }
        let lifetime = Int64(configuration.resetSeconds) * 1_000
        var counted: Gate.Taken?
        if sparingly {
            counted = gate.resetMail(account: found.user.id, now: now)
            let left = (found.newest?.milliseconds ?? 0) - now.milliseconds
            if counted == nil, left >= lifetime / 2 {
                mailWithheld()
                return true
            }
        }
        let token = Base64.url.encode(random(32))
        let hash = sha256(Array(token.utf8))
        let id = found.user.id
        do {
            let user = try await database.write(locking: [.user(id)]) { db -> User? in
                guard let user = try UserStore.user(db, id: id), user.disabledAt == nil else { return nil }
                let expiry = Timestamp(clamping: db.now.milliseconds + lifetime)
                try ResetStore.add(db, hash: hash, userID: id, expiresAt: expiry, now: db.now)
                return user
            }
            guard let user else { return false }
            try await mail.send(
                ResetMail(settings: configuration.mail, token: token, seconds: configuration.resetSeconds)
                    .mail(to: user, now: now))
        } catch {
            // A token that nobody got must not count as one that the owner has.
            if let counted { gate.takeBack(counted) }
            try? await database.write(locking: [.user(id)]) { db in try ResetStore.remove(db, hash: hash) }
            throw error
        }
        return true
    }

    private static let samePassword = ErrorBody(
        .sameAsPreviousPassword, "newPassword is the password that the account has already",
        details: [.init(field: "newPassword", rule: "different", message: "must differ from the current password")])
    private static let wrongResetToken = ErrorBody(
        .invalidToken, "the token to reset the password is wrong, used or expired; ask for another mail")
}
