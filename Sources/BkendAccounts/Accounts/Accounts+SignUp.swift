import BkendWire

extension Accounts {
    /// `POST /v1/auth/email/signup`: a new user of the role `user`, signed in. A `role` in the body is passed over.
    package func signUp(_ body: JSONObject, client: ClientInfo) async throws -> AccountAnswer {
        let attempt = try gate.signUp(client: client.key, now: now)
        return try await counting(attempt) { try await signUpCounted(body, client: client) }
    }

    private func signUpCounted(_ body: JSONObject, client: ClientInfo) async throws -> AccountAnswer {
        let fields = BodyFields(body)
        try fields.checkMethod()
        let email = try fields.email()
        let password = try fields.newPassword("password", policy: configuration.passwordPolicy)
        let change = try UserChange(fields)
        // Told before the hash, which is the dear part, and again in the transaction, which is the deciding one.
        guard try await database.read({ db in try UserStore.user(db, email: email) }) == nil else {
            throw UserStore.emailTaken
        }
        let hash = try await passwords.hash(password)
        let (user, token) = try await database.write(locking: []) { [self] db in
            let user = newUser(email: email, role: RoleName.user, change: change, now: db.now)
            try UserStore.insert(db, user, email: email, password: hash)
            return (user, try SessionStore.start(db, userID: user.id, client: client, random: random))
        }
        await keepHouse()
        return try await signedIn(user, token, now: user.createdAt, status: 201)
    }

    /// `POST /v1/auth/email/signin`. An unknown address is answered as a wrong password is, after the same work.
    /// That a user is disabled is told to who has the password alone, or it would tell who has an account.
    package func signIn(_ body: JSONObject, client: ClientInfo) async throws -> AccountAnswer {
        let fields = BodyFields(body)
        try fields.checkMethod()
        let email = try fields.email()
        let password = try fields.password("password", maximumBytes: configuration.passwordPolicy.maximumBytes)
        let now = now
        let attempt = try gate.signIn(client: client.key, address: email.folded, now: now)
        let (found, verdict) = try await counting(attempt) {
            let found = try await database.read { db -> (user: User, hash: PasswordHash?)? in
                guard let user = try UserStore.user(db, email: email) else { return nil }
                return (user, try UserStore.password(db, of: user.id))
            }
            return (found, try await passwords.check(password, against: found?.hash))
        }
        guard verdict != .wrong, let found, let checked = found.hash else { throw Self.wrongCredentials }
        // The stronger hash can wait for a quieter moment.
        let better = verdict == .rightAndOutdated ? try? await passwords.hash(password) : nil
        let random = random
        let started = try await counting(attempt) {
            try await database.write(locking: [.user(found.user.id)]) { db -> (token: RefreshToken, at: Timestamp)? in
                // The password may have been changed, or the user deleted or disabled, while the hash was computed.
                guard try UserStore.password(db, of: found.user.id) == checked,
                    let user = try UserStore.user(db, id: found.user.id)
                else { return nil }
                guard user.disabledAt == nil else { throw Self.disabled }
                if let better { try UserStore.setPassword(db, better, of: found.user.id) }
                let token = try SessionStore.start(db, userID: found.user.id, client: client, random: random)
                return (token, db.now)
            }
        }
        guard let started else { throw Self.wrongCredentials }
        gate.takeBack(attempt)
        await keepHouse()
        return try await signedIn(found.user, started.token, now: started.at, status: 200)
    }

    /// Does what an attempt was counted for. Where the server had no room for it, or failed, it doesn't count; where its
    /// client left it does, or leaving would be a way to try without end.
    func counting<Result>(_ attempt: Gate.Taken, _ body: () async throws -> Result) async throws -> Result {
        do { return try await body() } catch let answer as ErrorBody { throw answer } catch let gone as ClientGone {
            throw gone
        } catch {
            gate.takeBack(attempt)
            throw error
        }
    }

    func newUser(email: EmailAddress, role: String, change: UserChange, now: Timestamp) -> User {
        var user = User(
            id: random.uuid(), role: role, email: email.text, onboardingStatus: User.firstOnboardingStatus,
            createdAt: now, updatedAt: now)
        change.apply(to: &user)
        return user
    }

    private func signedIn(
        _ user: User, _ token: RefreshToken, now: Timestamp, status: Int
    ) async throws -> AccountAnswer {
        var body = try await tokenAnswer(token, userID: user.id, tokenID: random.uuid(), issuedAt: now)
        body["user"] = .object(user.json)
        return AccountAnswer(body, status: status)
    }

    private static let disabled = ErrorBody(
        .accountBanned, "the account is disabled; only an administrator of this service can enable it")
    static let wrongCredentials = ErrorBody(.invalidCredentials, "the e-mail address or the password is wrong")
}
