import BkendWire

/// 429, or 503 where it isn't the client's own doing: the answer, and when to come again (the header `Retry-After`).
package struct TooManyRequests: Error, Hashable, Sendable {
    /// The answer.
    package let body: ErrorBody
    /// Seconds to wait, at least 1.
    package let retryAfterSeconds: Int

    /// A refusal; at least a second is to be waited.
    package init(_ code: ErrorCode, _ message: String, retryAfterSeconds: Int) {
        self.retryAfterSeconds = max(1, retryAfterSeconds)
        body = ErrorBody(code, "\(message); try again in \(self.retryAfterSeconds) s")
    }
}
