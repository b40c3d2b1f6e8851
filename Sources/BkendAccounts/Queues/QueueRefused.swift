import BkendWire

/// No place in a line: 429 when the client's share of it is used up, 503 when the line is; and when to come again (the
/// header `Retry-After`).
package struct QueueRefused: Error, Hashable, Sendable {
    /// The answer.
    package let body: ErrorBody
    /// Seconds to wait.
    package let retryAfterSeconds: Int

    /// - Parameters:
    ///   - work: what is waited for, as a message names it: `slow queries`.
    ///   - code: the code of a 429.
    package init(_ reason: FairQueue.Refusal, waitingFor work: String, code: ErrorCode, retryAfterSeconds: Int) {
        self.retryAfterSeconds = max(1, retryAfterSeconds)
        let advice = "nothing was done; try again in \(self.retryAfterSeconds) s"
        switch reason {
        case .clientShare:
            body = ErrorBody(code, "too many \(work) of this client wait for their turn already; \(advice)")
        case .full:
            body = ErrorBody(.serviceUnavailable, "too many \(work) wait for their turn on this server; \(advice)")
        }
    }
}
