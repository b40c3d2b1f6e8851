import BkendWire

/// The limits at work: who may try now.
///
/// What is refused counts nowhere, or a client that is refused could still use up what others need.
struct Gate: Sendable {
    private typealias Limiter = RateLimiter<ExactString>

    private let signInPair: Limiter?
    private let signInAddress: Limiter?
    private let signInUnderAttack: Limiter?
    private let signInClient: Limiter?
    private let signUp: Limiter?
    private let refresh: Limiter?
    private let resetPair: Limiter?
    private let resetClient: Limiter?
    private let confirmClient: Limiter?
    private let resetMails: Limiter?

    init(_ limits: AccountLimits) {
        func limiter(_ limit: RateLimit?) -> Limiter? { limit.map { Limiter($0, capacity: limits.capacity) } }
        signInPair = limiter(limits.signInPerClientAndAddress)
        signInAddress = limiter(limits.signInPerAddress)
        signInUnderAttack = limiter(limits.signInPerClientUnderAttack)
        signInClient = limiter(limits.signInPerClient)
        signUp = limiter(limits.signUpPerClient)
        refresh = limiter(limits.refreshPerClient)
        resetPair = limiter(limits.resetPerClientAndAddress)
        resetClient = limiter(limits.resetPerClient)
        confirmClient = limiter(limits.confirmPerClient)
        resetMails = limiter(limits.resetMailsPerAccount)
    }

    /// What an attempt has taken, all of it or none.
    struct Taken: Sendable {
        fileprivate var counts: [(limiter: RateLimiter<ExactString>, key: String)] = []

        fileprivate mutating func take(_ limiter: RateLimiter<ExactString>?, _ key: String, now: Timestamp) -> Int? {
            guard let limiter else { return nil }
            if let wait = limiter.take(key, now: now) { return wait }
            counts.append((limiter, key))
            return nil
        }
    }

    /// An attempt at a password. It counts from its start, so that many at once don't slip through, whether the address
    /// is known or not; `takeBack` is for those that turn out not to count.
    ///
    /// An address where clients together have failed too often is under attack: there each client has few attempts, and
    /// always some, since one of the clients may be the owner's.
    func signIn(client: String, address: String, now: Timestamp) throws(TooManyRequests) -> Taken {
        let pair = Self.pair(client, address)
        var taken = Taken()
        var wait = taken.take(signInPair, pair, now: now) ?? taken.take(signInClient, client, now: now)
        if wait == nil, taken.take(signInAddress, address, now: now) != nil {
            wait = taken.take(signInUnderAttack, pair, now: now)
        }
        guard let wait else { return taken }
        takeBack(taken)
        throw TooManyRequests(.tooManyLoginAttempts, "too many failed attempts to sign in", retryAfterSeconds: wait)
    }

    /// The attempt succeeded, or was never made.
    func takeBack(_ taken: Taken) {
        for (limiter, key) in taken.counts { limiter.giveBack(key) }
    }

    /// The client has shown that the address is its user's: what failed there before was the user's own.
    func forgive(client: String, address: String) {
        let pair = Self.pair(client, address)
        signInPair?.forget(pair)
        signInUnderAttack?.forget(pair)
    }

    func signUp(client: String, now: Timestamp) throws(TooManyRequests) -> Taken {
        try pass([(signUp, client)], "too many sign-ups from here", now)
    }

    func refresh(client: String, now: Timestamp) throws(TooManyRequests) {
        _ = try pass([(refresh, client)], "too many refreshes from here", now)
    }

    func resetRequest(client: String, address: String, now: Timestamp) throws(TooManyRequests) {
        let message = "too many requests to reset a password from here"
        _ = try pass([(resetClient, client), (resetPair, Self.pair(client, address))], message, now)
    }

    func resetConfirm(client: String, now: Timestamp) throws(TooManyRequests) -> Taken {
        try pass([(confirmClient, client)], "too many attempts to reset a password from here", now)
    }

    /// One more mail to reset an account's password; nil past the limit.
    func resetMail(account: String, now: Timestamp) -> Taken? {
        var taken = Taken()
        return taken.take(resetMails, account, now: now) == nil ? taken : nil
    }

    /// No address holds U+0000, so that the pairs are distinct.
    private static func pair(_ client: String, _ address: String) -> String { "\(address)\u{0}\(client)" }

    private func pass(
        _ limits: [(Limiter?, String)], _ message: String, _ now: Timestamp
    ) throws(TooManyRequests) -> Taken {
        var taken = Taken()
        for (limiter, key) in limits {
            guard let wait = taken.take(limiter, key, now: now) else { continue }
            takeBack(taken)
            throw TooManyRequests(.tooManyRequests, message, retryAfterSeconds: wait)
        }
        return taken
    }
}
