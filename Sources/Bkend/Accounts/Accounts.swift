import BkendWire

/// The users of a client's environment, and the one who is signed in here (rest-api.md §8).
///
/// ```swift
/// let client = try BkendClient(url: url, key: key, sessions: try FileSessionStore(path: path))
/// try await client.accounts.signIn(email: "ada@example.com", password: password)
/// try await client.table(Note.self).create(Note(text: "Mine"))    // as Ada
/// for await change in client.accounts.changes { … }
/// ```
///
/// While someone is signed in, every call of the client is sent as that user. An access token that has expired is
/// replaced once for all calls that wait for it, in all clients and processes with the same store, and the calls are
/// sent again. Mostly it doesn't come to that: a call made after half of the token's life has the session renewed
/// beside it. A refresh token is sent once only: when the answer to a refresh is lost, the session is over, since a
/// second use could look like a theft, upon which the server ends every session of the user.
public struct Accounts: Sendable {
    let runner: CallRunner

    /// The changes of the session from now on, for as long as the client lives.
    public var changes: AsyncStream<SessionChange> { runner.sessions.changes.stream() }

    /// The id of the user who is signed in, nil for nobody. Nothing is sent.
    ///
    /// - Throws: `BkendError` when the session can't be read.
    public func currentUserID() async throws(BkendError) -> String? {
        let session = try await runner.sessions.stored()
        return session?.status == .ended ? nil : session?.userID
    }

    // MARK: In and out

    /// Makes an account and signs its user in. A user who is signed in here already is replaced.
    ///
    /// - Throws: `BkendError`, with `auth/email-already-exists`, `auth/invalid-email`, `auth/weak-password` and others.
    @discardableResult
    public func signUp(
        email: String, password: String, name: String? = nil, options: CallOptions = .default
    ) async throws(BkendError) -> Account {
        var body: JSONObject = ["email": .string(email), "password": .string(password), "method": "password"]
        if let name { body["name"] = .string(name) }
        return try await enter(Self.open(["auth", "email", "signup"], body, options))
    }

    /// Signs a user in. One who is signed in here already is replaced.
    ///
    /// - Throws: `BkendError`: `auth/invalid-credentials` for an unknown address as for a wrong password.
    @discardableResult
    public func signIn(
        email: String, password: String, options: CallOptions = .default
    ) async throws(BkendError) -> Account {
        let body: JSONObject = ["email": .string(email), "password": .string(password), "method": "password"]
        return try await enter(Self.open(["auth", "email", "signin"], body, options))
    }

    /// Signs the user out: the session ends on the server, and is removed here whatever the server says, without a network
    /// too. Calls are a guest's from then on. A session that can't be read, or is another address's, is dropped.
    ///
    /// ```swift
    /// let outcome = try await client.accounts.signOut()
    /// if !outcome.isServerTold { hint("Your other devices can end this session: its tokens were only removed here") }
    /// ```
    ///
    /// - Returns: whether the server was told.
    /// - Throws: `BkendError` of `sessionStore` when the session can't be removed here: nobody is signed out then.
    @discardableResult
    public func signOut(options: CallOptions = .default) async throws(BkendError) -> SignOutOutcome {
        let sessions = runner.sessions
        let found: StoredSession
        do throws(BkendError) { found = try await sessions.found() } catch {
            try await sessions.dropped()
            return .onlyHere(error)
        }
        switch found {
        case .nobody: return .nobody
        case .elsewhere:
            try await sessions.dropped()
            let words = "the session belonged to another server, which wasn't notified"
            return .onlyHere(BkendError(.sessionStore(words)))
        case .session(let session):
            var failure: BkendError?
            if session.status != .ended {
                do throws(BkendError) {
                    _ = try await runner.run(Call(.post, ["auth", "signout"], options: options))
                } catch {
                    failure = error
                }
            }
            try await sessions.signedOut(session.userID)
            if let failure, !failure.endsSession { return .onlyHere(failure) }
            return .everywhere
        }
    }

    /// Deletes the user's account, ends all their sessions, and removes this one.
    public func withdraw(options: CallOptions = .default) async throws(BkendError) {
        let session = try await runner.sessions.current()
        _ = try await runner.run(Call(.delete, ["auth", "withdraw"], options: options))
        if let session { try await runner.sessions.signedOut(session.userID) }
    }

    // MARK: The user

    /// The user who is signed in, as the server knows them now.
    ///
    /// - Throws: `BkendError`, with `common/authentication-required` when nobody is.
    public func me(options: CallOptions = .default) async throws(BkendError) -> Account {
        let call = Call(.get, ["auth", "me"], options: options)
        let answer = try await runner.run(call)
        return try answer.account(answer.json, call)
    }

    /// The user's sessions on all devices, the newest first.
    ///
    /// - Parameters:
    ///   - page: from 1.
    ///   - limit: how many a page has, at most 100.
    public func sessions(
        page: Int = 1, limit: Int = 20, options: CallOptions = .default
    ) async throws(BkendError) -> [DeviceSession] {
        var call = Call(.get, ["auth", "sessions"], options: options)
        call.query = [QueryItem("page", String(page)), QueryItem("limit", String(limit))]
        let answer = try await runner.run(call)
        guard let items = answer.json["items"]?.arrayValue else {
            throw answer.mismatch(call, JSONCodingError(path: "items", message: "the member is missing"))
        }
        var sessions: [DeviceSession] = []
        for (index, item) in items.enumerated() {
            do throws(JSONCodingError) {
                guard let object = item.objectValue else {
                    throw JSONCodingError(path: "items[\(index)]", message: "expected a session")
                }
                sessions.append(try DeviceSession(json: object))
            } catch {
                throw answer.mismatch(call, error)
            }
        }
        return sessions
    }

    /// Ends one of the user's sessions: a lost phone's, for example.
    ///
    /// - Throws: `BkendError` with `auth/session-not-found`.
    public func endSession(_ id: DeviceSession.ID, options: CallOptions = .default) async throws(BkendError) {
        _ = try await runner.run(Call(.delete, ["auth", "sessions", id], options: options))
    }

    // MARK: Passwords

    /// Changes the password. Every session of the user ends, this one too: sign in again.
    ///
    /// - Throws: `BkendError`, with `auth/invalid-credentials` for a wrong current password.
    public func changePassword(
        current: String, new: String, options: CallOptions = .default
    ) async throws(BkendError) {
        let session = try await runner.sessions.current()
        var call = Call(.post, ["auth", "password", "change"], options: options)
        call.body = ["currentPassword": .string(current), "newPassword": .string(new)]
        _ = try await runner.run(call)
        if let session { try await runner.sessions.signedOut(session.userID) }
    }

    /// Asks for a mail with a token to set another password. The answer is the same for an address without an account.
    public func requestPasswordReset(email: String, options: CallOptions = .default) async throws(BkendError) {
        let body: JSONObject = ["email": .string(email)]
        _ = try await runner.run(Self.open(["auth", "password", "reset", "request"], body, options))
    }

    /// Sets another password by the token of the mail. Every session of the user ends.
    ///
    /// - Throws: `BkendError`, with `auth/invalid-token` for a token that is wrong, used or expired.
    public func confirmPasswordReset(
        email: String, token: String, newPassword: String, options: CallOptions = .default
    ) async throws(BkendError) {
        let body: JSONObject = [
            "email": .string(email), "token": .string(token), "newPassword": .string(newPassword),
        ]
        _ = try await runner.run(Self.open(["auth", "password", "reset", "confirm"], body, options))
    }

    /// A call that needs no session, and is sent without.
    private static func open(_ path: [String], _ body: JSONObject, _ options: CallOptions) -> Call {
        var call = Call(.post, path, options: options)
        call.body = .object(body)
        call.sendsSession = false
        return call
    }

    private func enter(_ call: Call) async throws(BkendError) -> Account {
        // A store that can't take the session is told of before there is one.
        try await runner.sessions.checkForSignIn()
        let answer = try await runner.run(call)
        let account = try answer.account(answer.json["user"], call)
        let keeper = runner.sessions
        guard let session = Session(answer.json, server: keeper.server, userID: account.id, now: keeper.now()) else {
            throw answer.mismatch(call, JSONCodingError(path: "accessToken", message: "the tokens are missing"))
        }
        try await runner.sessions.signedIn(session)
        return account
    }
}

extension BkendClient {
    /// The users of the environment, and the one who is signed in.
    public var accounts: Accounts { Accounts(runner: runner) }
}

extension CallAnswer {
    func account(_ json: JSON?, _ call: Call) throws(BkendError) -> Account {
        do throws(JSONCodingError) {
            guard let object = json?.objectValue else { throw JSONCodingError(path: "", message: "expected a user") }
            return try Account(json: object)
        } catch {
            throw mismatch(call, error)
        }
    }
}

extension BkendError {
    /// Whether the session that the call was made in is over.
    fileprivate var endsSession: Bool {
        if case .sessionEnded = reason { return true }
        return RefreshDecision.concerns(self) != nil
    }
}
