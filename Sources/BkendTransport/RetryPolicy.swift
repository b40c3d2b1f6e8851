package import Foundation
package import HTTPTypes

/// When and how soon a failed request is retried: exponential backoff with full jitter.
///
/// ```swift
/// let patient = RetryPolicy(maximumAttempts: 8, maximumDelay: .seconds(60))
/// ```
///
/// The decision is a pure function; the caller sleeps and counts. The delay before attempt *n* + 1 is a random part of
/// `min(maximumDelay, baseDelay · 2ⁿ⁻¹)`. A `Retry-After` field (RFC 9110 §10.2.3) is added to it, up to
/// ``retryAfterLimit``, so that clients with the same `Retry-After` don't return at the same moment.
public struct RetryPolicy: Sendable, Hashable {
    /// The maximum number of attempts, including the first.
    public var maximumAttempts: Int
    /// The upper bound of the first delay.
    public var baseDelay: Duration
    /// The upper bound of every delay that the server doesn't request.
    public var maximumDelay: Duration
    /// The longest `Retry-After` that is honoured in full. A longer one is reduced to this value.
    public var retryAfterLimit: Duration

    /// Creates a policy. The defaults are 4 attempts, delays of up to 0.25 s, 0.5 s, 1 s … 20 s, and 60 s of
    /// `Retry-After`.
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

    /// The outcome of an attempt.
    package enum Outcome: Sendable {
        /// No complete response arrived.
        case failed(TransportError)
        /// A response arrived. `isFromServer` is false if a proxy or portal may have sent it instead of the server.
        /// Such a response doesn't prove that a write was rejected.
        case answered(HTTPResponse, isFromServer: Bool)
    }

    /// What to do after an attempt.
    package enum Decision: Sendable, Hashable {
        /// Return the outcome to the caller.
        case giveUp
        /// Send the request again after a delay.
        case retry(after: Duration)
    }

    /// Decides what to do after an attempt.
    ///
    /// - Parameters:
    ///   - attempt: the number of the attempt that just ended, from 1.
    ///   - outcome: how it ended.
    ///   - replay: whether the request may be repeated. If not, it is repeated only if the server certainly didn't act
    ///     on it: no byte was sent, or the server itself answered 425 or 429.
    ///   - now: the time to compare a `Retry-After` date with if the response has no `Date` field.
    ///   - generator: the source of jitter.
    package func decide(
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
