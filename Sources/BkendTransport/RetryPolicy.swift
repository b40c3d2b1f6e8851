public import Foundation
public import HTTPTypes

/// When a failed request is sent again, and after how long: exponential back-off with full jitter.
///
/// The decision is a pure function; the caller sleeps and counts. Back-off before attempt *n* + 1 is a random part of
/// `min(maximumDelay, baseDelay · 2ⁿ⁻¹)`. A `Retry-After` field (RFC 9110 §10.2.3) is waited out on top of that, up to
/// ``retryAfterLimit``, so that clients told the same second don't come back together.
public struct RetryPolicy: Sendable, Hashable {
    /// How often a request is sent at most, the first time included.
    public var maximumAttempts: Int
    /// The upper bound of the first wait.
    public var baseDelay: Duration
    /// The upper bound of every wait that the server doesn't ask for.
    public var maximumDelay: Duration
    /// The longest `Retry-After` obeyed in full; a longer one counts as this long.
    public var retryAfterLimit: Duration

    /// Creates a policy: 4 attempts, waits of up to 0.25 s, 0.5 s, 1 s … 20 s, and 60 s of `Retry-After`, unless said
    /// otherwise.
    public init(
        maximumAttempts: Int = 4,
        baseDelay: Duration = .milliseconds(250),
        maximumDelay: Duration = .seconds(20),
        retryAfterLimit: Duration = .seconds(60)
    ) {
        self.maximumAttempts = maximumAttempts
        self.baseDelay = baseDelay
        self.maximumDelay = maximumDelay
        self.retryAfterLimit = retryAfterLimit
    }

    /// Every request is sent once.
    public static let never = RetryPolicy(maximumAttempts: 1)

    /// What became of an attempt.
    public enum Outcome: Sendable {
        /// No complete answer.
        case failed(TransportError)
        /// An answer. `isFromServer` is false for what a proxy or portal may have said in the server's place: it does
        /// not prove that a write was refused.
        case answered(HTTPResponse, isFromServer: Bool)
    }

    /// What to do after an attempt.
    public enum Decision: Sendable, Hashable {
        /// Hand the outcome to the caller.
        case giveUp
        /// Send the request again after a wait.
        case retry(after: Duration)
    }

    /// Decides what to do after an attempt.
    ///
    /// - Parameters:
    ///   - attempt: the number of the attempt that just ended, from 1.
    ///   - outcome: how it ended.
    ///   - replay: whether the request may be repeated. One that may not is repeated only where it is certain that the
    ///     server did not act on it: no byte left, or the server itself answered 425 or 429.
    ///   - now: the time against which a `Retry-After` date is measured when the answer has no `Date` field.
    ///   - generator: the source of jitter.
    public func decide(
        attempt: Int,
        outcome: Outcome,
        replay: Replay,
        now: Date,
        using generator: inout some RandomNumberGenerator
    ) -> Decision {
        guard attempt < maximumAttempts, Self.isWorthRepeating(outcome, replay: replay) else { return .giveUp }
        let backOff = jitteredDelay(attempt: attempt, using: &generator)
        guard case .answered(let head, _) = outcome, let asked = RetryAfter(head)?.delay(now: now) else {
            return .retry(after: backOff)
        }
        return .retry(after: min(asked, retryAfterLimit) + min(backOff, baseDelay))
    }

    private static func isWorthRepeating(_ outcome: Outcome, replay: Replay) -> Bool {
        switch outcome {
        case .failed(let error):
            return error.kind.isTransient && (error.delivery == .notSent || replay == .idempotent)
        case .answered(let head, let isFromServer):
            switch head.status.code {
            case 425, 429: return replay == .idempotent || isFromServer
            case 501, 505: return false  // what the server cannot do now it cannot do later
            case 408, 500...599: return replay == .idempotent
            default: return false
            }
        }
    }

    private func jitteredDelay(attempt: Int, using generator: inout some RandomNumberGenerator) -> Duration {
        let doublings = min(max(attempt - 1, 0), 30)
        let bound = min(maximumDelay, baseDelay * (1 << doublings))
        return bound * Double.random(in: 0...1, using: &generator)
    }
}
