import BkendWire

/// The users of a client's environment, and the user who is signed in on this device (rest-api.md §8).
///
/// ```swift
/// let client = try BkendClient(url: url, key: key, sessions: try FileSessionStore(path: path))
/// try await client.accounts.signIn(email: "ada@example.com", password: password)
/// try await client.table(Note.self).create(Note(text: "Mine"))  // as Ada
/// for await change in client.accounts.changes { print(change) }
/// ```
///
/// While a user is signed in, the client sends every call as that user. When the access token has expired, the client
/// replaces it and sends the waiting calls again. It does so once for all clients and processes that share the session
/// store. Usually the client renews the session earlier, beside a call made after half of the token's life. The client
/// sends a refresh token only once. If the response to a refresh is lost, the session ends, because the server treats a
/// second use as theft and ends every session of the user. A server that announces a grace (`serve --refresh-grace`)
/// answers a second use within that time with the same tokens; the client then repeats the refresh once.
public struct Accounts: Sendable {
    let runner: CallRunner

    /// The session's changes from now on, until the client is released.
    ///
    /// ```swift
    /// for await change in client.accounts.changes { print(change) }
    /// ```
    public var changes: AsyncStream<SessionChange> { runner.sessions.changes.stream() }

    /// The signed-in user's id, or nil if nobody is signed in. Sends nothing.
    ///
    /// - Throws: `BkendError` when the session can't be read.
    public func currentUserID() async throws(BkendError) -> String? {
        let session = try await runner.sessions.stored()
        return session?.status == .ended ? nil : session?.userID
    }

    // MARK: In and out

    /// Creates an account and signs its user in. The new session replaces that of a user who is already signed in here.
    ///
    /// ```swift
    /// let ada = try await app.accounts.signUp(email: "ada@example.com", password: "correct horse 1", name: "Ada")
    /// ```
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

    /// Signs a user in. The new session replaces that of a user who is already signed in here.
    ///
    /// - Throws: `BkendError`: `auth/invalid-credentials` for a wrong password, and also for an unknown address.
    @discardableResult
    public func signIn(
        email: String, password: String, options: CallOptions = .default
    ) async throws(BkendError) -> Account {
        let body: JSONObject = ["email": .string(email), "password": .string(password), "method": "password"]
        return try await enter(Self.open(["auth", "email", "signin"], body, options))
    }

    /// Signs the user out. Ends the session on the server and removes it from this device. It removes the session here
    /// even without a network, and whatever the server answers. From then on, calls are sent as a guest. A session that
    /// can't be read, or that belongs to another address, is removed as well.
    ///
    /// ```swift
    /// let outcome = try await client.accounts.signOut()
    /// if !outcome.isServerTold { hint("Your other devices can end this session: its tokens were only removed here") }
    /// ```
    ///
    /// - Returns: whether the session has ended on the server too.
    /// - Throws: `BkendError` with the reason `sessionStore` if the session can't be removed from this device. The user
    ///   stays signed in then.
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

    /// Deletes the user's account, ends all the user's sessions, and removes the session from this device.
    public func withdraw(options: CallOptions = .default) async throws(BkendError) {
        let session = try await runner.sessions.current()
        _ = try await runner.run(Call(.delete, ["auth", "withdraw"], options: options))
        if let session { try await runner.sessions.signedOut(session.userID) }
    }

    // MARK: The user

    /// The signed-in user, as the server knows them now.
    ///
    /// - Throws: `BkendError`, with `common/authentication-required` if nobody is signed in.
    public func me(options: CallOptions = .default) async throws(BkendError) -> Account {
        let call = Call(.get, ["auth", "me"], options: options)
        let answer = try await runner.run(call)
        return try answer.account(answer.json, call)
    }

    /// The user's sessions on all devices, the newest first.
    ///
    /// - Parameters:
    ///   - page: from 1.
    ///   - limit: the number of sessions per page, at most 100.
    ///   - options: the call's deadline, retries and headers.
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

    /// Ends one of the user's sessions, for example on a lost phone.
    ///
    /// - Throws: `BkendError` with `auth/session-not-found`.
    public func endSession(_ id: DeviceSession.ID, options: CallOptions = .default) async throws(BkendError) {
        _ = try await runner.run(Call(.delete, ["auth", "sessions", id], options: options))
    }

    // MARK: Passwords

    /// Changes the password. Ends every session of the user, including this one; sign in again afterwards.
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

    /// Requests a mail with a token for setting a new password. The response is the same for an address without an
    /// account.
    public func requestPasswordReset(email: String, options: CallOptions = .default) async throws(BkendError) {
        let body: JSONObject = ["email": .string(email)]
        _ = try await runner.run(Self.open(["auth", "password", "reset", "request"], body, options))
    }

    /// Sets a new password with the token from the mail. Ends every session of the user.
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
    /// The environment's users, and the user who is signed in.
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
