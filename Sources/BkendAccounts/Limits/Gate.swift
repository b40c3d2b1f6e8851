#if Server
import BkendWire

/// The limits at work: who may try now.
struct Gate: Sendable {
    private let signInPair: RateLimiter<ExactString>?
    private let signInAddress: RateLimiter<ExactString>?
    private let signInClient: RateLimiter<ExactString>?
    private let signUp: RateLimiter<ExactString>?
    private let refresh: RateLimiter<ExactString>?
    private let resetAddress: RateLimiter<ExactString>?
    private let resetClient: RateLimiter<ExactString>?

    init(_ limits: AccountLimits) {
        func limiter(_ limit: RateLimit?) -> RateLimiter<ExactString>? {
            limit.map { RateLimiter($0, capacity: limits.capacity) }
        }
        signInPair = limiter(limits.signInPerClientAndAddress)
        signInAddress = limiter(limits.signInPerAddress)
        signInClient = limiter(limits.signInPerClient)
        signUp = limiter(limits.signUpPerClient)
        refresh = limiter(limits.refreshPerClient)
        resetAddress = limiter(limits.resetPerAddress)
        resetClient = limiter(limits.resetPerClient)
    }

    /// An attempt at a password. It counts from its start, so that many at once don't slip through, whether the address
    /// is known or not; `takeBackSignIn` is for those that turn out not to count. A refused attempt counts nowhere, or
    /// one client that is refused could use up its victim's address for all others.
    func signIn(client: String, address: String, now: Timestamp) throws(TooManyRequests) {
        let limits = signInLimits(client, address)
        for (index, (limiter, key)) in limits.enumerated() {
            guard let wait = limiter?.take(key, now: now) else { continue }
            for (limiter, key) in limits[..<index] { limiter?.giveBack(key) }
            throw TooManyRequests(
                .tooManyLoginAttempts, "too many failed attempts to sign in", retryAfterSeconds: wait)
        }
    }

    /// The attempt succeeded, or was never made.
    func takeBackSignIn(client: String, address: String) {
        for (limiter, key) in signInLimits(client, address) { limiter?.giveBack(key) }
    }

    /// No address holds U+0000, so that the pairs are distinct.
    private func signInLimits(_ client: String, _ address: String) -> [(RateLimiter<ExactString>?, String)] {
        [(signInPair, "\(address)\u{0}\(client)"), (signInClient, client), (signInAddress, address)]
    }

    func signUp(client: String, now: Timestamp) throws(TooManyRequests) {
        try pass([signUp?.take(client, now: now)], .tooManyRequests, "too many sign-ups from here")
    }

    func refresh(client: String, now: Timestamp) throws(TooManyRequests) {
        try pass([refresh?.take(client, now: now)], .tooManyRequests, "too many refreshes from here")
    }

    func resetRequest(client: String, address: String, now: Timestamp) throws(TooManyRequests) {
        let waits = [resetClient?.take(client, now: now), resetAddress?.take(address, now: now)]
        try pass(waits, .tooManyRequests, "too many requests to reset a password")
    }

    func resetConfirm(client: String, now: Timestamp) throws(TooManyRequests) {
        try pass([resetClient?.take(client, now: now)], .tooManyRequests, "too many attempts to reset a password")
    }

    private func pass(_ waits: [Int?], _ code: ErrorCode, _ message: String) throws(TooManyRequests) {
        guard let wait = waits.compactMap({ $0 }).max() else { return }
        throw TooManyRequests(code, message, retryAfterSeconds: wait)
    }
}
#endif
