import BkendAccounts
import BkendWire
import HTTPTypes

/// How many requests one client may send with one key (rest-api.md §1). Requests without a good key count for the client
/// alone, so that keys can't be tried at will.
struct RequestLimiter: Sendable {
    private struct Holder: Hashable, Sendable {
        let key: KeyDigest?
        let client: ClientAddress?
    }
    private let limiter: RateLimiter<Holder>?

    /// A limiter; nil for no limit.
    init(_ limit: RateLimit?) { limiter = limit.map { RateLimiter($0, capacity: 100_000) } }

    /// Counts a request.
    ///
    /// - Parameter key: the digest of its key, nil when it has no good one.
    /// - Throws: `TooManyRequests` past the limit.
    func count(_ key: KeyDigest?, from client: ClientAddress?, now: Timestamp) throws(TooManyRequests) -> RateState? {
        guard let limiter else { return nil }
        switch limiter.ask(Holder(key: key, client: client?.network), now: now) {
        case .given(let remaining): return RateState(limit: limiter.limit.count, remaining: remaining)
        case .refused(let seconds):
            throw TooManyRequests(.rateLimitExceeded, "too many requests", retryAfterSeconds: seconds)
        }
    }

    /// What a refused request is told.
    var spent: RateState? { limiter.map { RateState(limit: $0.limit.count, remaining: 0) } }
}

/// Where a client stands, as the answer tells it.
struct RateState: Sendable {
    let limit: Int
    let remaining: Int

    func add(to headers: inout HTTPFields) {
        headers[.rateLimit] = String(limit)
        headers[.rateLimitRemaining] = String(remaining)
    }
}

extension HTTPField.Name {
    /// `X-RateLimit-Limit`
    static let rateLimit = HTTPField.Name("X-RateLimit-Limit")!  // a constant that is a valid name
    /// `X-RateLimit-Remaining`
    static let rateLimitRemaining = HTTPField.Name("X-RateLimit-Remaining")!  // a constant that is a valid name
    /// `X-Forwarded-For`
    static let forwardedFor = HTTPField.Name("X-Forwarded-For")!  // a constant that is a valid name
}
