/// Sessions with rotating refresh tokens (rest-api.md §8): a refresh token is good once, and using it again ends every
/// session of its user. There is no grace period here; servers may grant one, clients can't count on it.
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
    }

    private var sessions: [Session] = []
    private var access: [String: (session: Int, expires: Int64)] = [:]
    private var counter = 0
    /// How often a refresh token was used that was spent.
    package private(set) var reuses = 0
    /// How long an access token lives, in milliseconds.
    package var lifetime: Int64 = 3_600_000

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
        if sessions[index].refresh != token {
            reuses += 1
            endAll(of: sessions[index].user)
            return .failure(Refusal(code: "auth/invalid-refresh-token"))
        }
        sessions[index].spent.append(token)
        return .success(issue(for: index, at: now))
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
