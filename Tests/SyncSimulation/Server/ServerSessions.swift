/// Sessions with rotating refresh tokens (rest-api.md §8): a refresh token is good once, and using it again ends every
/// session of its user. A server that announces a grace answers the last spent token of a session once more, with the
/// same tokens, while it lasts and the successor wasn't used; stricter than bkend-server, which counts nothing.
package struct ServerSessions: Sendable {
    /// Why a token isn't accepted.
    package struct Refusal: Error {
        package let code: String
    }

    /// What a sign-in or refresh gives.
    package struct Tokens: Hashable, Sendable {
        package let access: String
        package let refresh: String
        /// When the access token ends, in the simulation's time.
        package let expires: Int64
    }

    private struct Session {
        let user: String
        var isLive = true
        var refresh: String
        var spent: [String] = []
        /// The last spent token, what it gave and when, while it may come once more.
        var repeatable: (token: String, tokens: Tokens, at: Int64)?
    }

    private var sessions: [Session] = []
    private var access: [String: (session: Int, expires: Int64)] = [:]
    private var counter = 0
    /// How often a refresh token was used that was spent.
    package private(set) var reuses = 0
    /// How long an access token lives, in milliseconds.
    package var lifetime: Int64 = 3_600_000
    /// For how long after its use a refresh token may come once more, in milliseconds, as each success announces; nil for
    /// a server that announces none, and grants none.
    package var grace: Int64?
    /// How often that was made use of.
    package private(set) var repetitions = 0

    /// A new session.
    package mutating func signIn(_ user: String, at now: Int64) -> Tokens {
        sessions.append(Session(user: user, refresh: ""))
        return issue(for: sessions.count - 1, at: now)
    }

    /// New tokens for a refresh token; the old one is spent.
    package mutating func refresh(_ token: String, at now: Int64) -> Result<Tokens, Refusal> {
        guard let index = sessions.firstIndex(where: { $0.refresh == token || $0.spent.contains(token) }) else {
            return .failure(Refusal(code: "auth/invalid-refresh-token"))
        }
        guard sessions[index].isLive else { return .failure(Refusal(code: "auth/session-expired")) }
        if let last = sessions[index].repeatable, last.token == token, let grace, now - last.at < grace {
            sessions[index].repeatable = nil
            repetitions += 1
            return .success(last.tokens)
        }
        if sessions[index].refresh != token {
            reuses += 1
            endAll(of: sessions[index].user)
            return .failure(Refusal(code: "auth/invalid-refresh-token"))
        }
        sessions[index].spent.append(token)
        let tokens = issue(for: index, at: now)
        sessions[index].repeatable = (token, tokens, now)
        return .success(tokens)
    }

    /// Ends every session of a user.
    package mutating func endAll(of user: String) {
        for index in sessions.indices where sessions[index].user == user { sessions[index].isLive = false }
    }

    /// Whose access token it is.
    package func user(of token: String, at now: Int64) -> Result<String, Refusal> {
        guard let (session, expires) = access[token] else { return .failure(Refusal(code: "auth/invalid-token")) }
        guard sessions[session].isLive else { return .failure(Refusal(code: "auth/session-expired")) }
        if now >= expires { return .failure(Refusal(code: "auth/token-expired")) }
        return .success(sessions[session].user)
    }

    private mutating func issue(for session: Int, at now: Int64) -> Tokens {
        counter += 1
        let tokens = Tokens(access: "access-\(counter)", refresh: "refresh-\(counter)", expires: now + lifetime)
        sessions[session].refresh = tokens.refresh
        access[tokens.access] = (session, tokens.expires)
        return tokens
    }
}
