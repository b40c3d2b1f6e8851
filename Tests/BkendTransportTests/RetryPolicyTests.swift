import BkendTransport
import Foundation
import HTTPTypes
import Testing

struct RetryPolicyTests {
    /// Always draws the top of a range, so that every wait is its own upper bound.
    struct Highest: RandomNumberGenerator {
        mutating func next() -> UInt64 { .max }
    }

    let policy = RetryPolicy(
        maximumAttempts: 5, baseDelay: .seconds(1), maximumDelay: .seconds(4), retryAfterLimit: .seconds(100))
    let now = Date(timeIntervalSince1970: 1_000_000)

    func decide(_ attempt: Int = 1, _ outcome: RetryPolicy.Outcome, _ replay: Replay) -> RetryPolicy.Decision {
        var generator = Highest()
        return policy.decide(attempt: attempt, outcome: outcome, replay: replay, now: now, using: &generator)
    }

    func failed(_ kind: TransportError.Kind, _ delivery: TransportError.Delivery) -> RetryPolicy.Outcome {
        .failed(TransportError(kind: kind, delivery: delivery, reason: "test"))
    }

    func answered(
        _ status: HTTPResponse.Status, _ fields: HTTPFields = [:], isFromServer: Bool = true
    ) -> RetryPolicy.Outcome {
        .answered(HTTPResponse(status: status, headerFields: fields), isFromServer: isFromServer)
    }

    @Test("The bound of the wait doubles up to the maximum", arguments: [(1, 1.0), (2, 2), (3, 4), (4, 4)])
    func boundWaitDoubles(attempt: Int, seconds: Double) {
        #expect(decide(attempt, failed(.connectionLost, .notSent), .never) == .retry(after: .seconds(seconds)))
    }

    @Test("The last attempt is the last")
    func lastAttemptLast() {
        #expect(decide(5, failed(.connectionLost, .notSent), .idempotent) == .giveUp)
        var generator = Highest()
        let once = RetryPolicy.never.decide(
            attempt: 1, outcome: answered(.serviceUnavailable), replay: .idempotent, now: now, using: &generator)
        #expect(once == .giveUp)
    }

    @Test("Jitter covers the whole range below the bound")
    func jitterCoversWhole() {
        var generator = SystemRandomNumberGenerator()
        let waits = (0..<200).map { _ in
            policy.decide(
                attempt: 3, outcome: failed(.cannotConnect, .notSent), replay: .never, now: now, using: &generator)
        }
        for wait in waits {
            guard case .retry(let after) = wait else {
                Issue.record("gave up")
                return
            }
            #expect(after >= .zero && after <= .seconds(4))
        }
        #expect(Set(waits).count > 150)
    }

    @Test("A write is repeated only if it did not leave")
    func writeRepeatedOnly() {
        #expect(decide(failed(.connectionLost, .notSent), .never) != .giveUp)
        #expect(decide(failed(.connectionLost, .mayHaveReachedServer), .never) == .giveUp)
        #expect(decide(failed(.connectionLost, .answered), .never) == .giveUp)
        #expect(decide(failed(.connectionLost, .mayHaveReachedServer), .idempotent) != .giveUp)
        #expect(decide(failed(.connectionLost, .answered), .idempotent) != .giveUp)
    }

    @Test(
        "What will not heal is not repeated",
        arguments: [
            TransportError.Kind.cancelled, .shutDown, .tls, .invalidRequest, .bodyTooLarge, .requestBodyFailed,
            .transportFailed,
        ])
    func whatWillNot(kind: TransportError.Kind) {
        #expect(decide(failed(kind, .notSent), .idempotent) == .giveUp)
    }

    @Test("A server's trouble repeats reads, not writes", arguments: [408, 500, 502, 503, 504, 507, 599])
    func serversTroubleRepeats(code: Int) {
        let status = HTTPResponse.Status(code: code)
        #expect(decide(answered(status), .idempotent) == .retry(after: .seconds(1)))
        #expect(decide(answered(status), .never) == .giveUp)
    }

    @Test("Other answers are final", arguments: [200, 301, 400, 401, 404, 409, 501, 505])
    func otherAnswersFinal(code: Int) {
        #expect(decide(answered(HTTPResponse.Status(code: code)), .idempotent) == .giveUp)
    }

    @Test("A refusal repeats a write only when the server itself speaks", arguments: [425, 429])
    func refusalRepeatsWrite(code: Int) {
        let status = HTTPResponse.Status(code: code)
        #expect(decide(answered(status), .never) == .retry(after: .seconds(1)))
        #expect(decide(answered(status, isFromServer: false), .never) == .giveUp)
        #expect(decide(answered(status, isFromServer: false), .idempotent) == .retry(after: .seconds(1)))
    }

    @Test(
        "Retry-After is obeyed within the limit",
        arguments: [
            ("7", 8.0),  // and up to a second of jitter
            ("0", 1),
            ("99999999999999999999999", 101),  // the limit
            ("3600", 101),
            ("-5", 1),  // not a count: back-off as if absent
            ("soon", 1),
            ("", 1),
            ("1.5", 1),
            ("Mon, 12 Jan 1970 13:46:50 GMT", 11),  // ten seconds from now
            ("Monday, 12-Jan-70 13:46:50 GMT", 11),
            ("Mon Jan 12 13:46:50 1970", 11),
            ("Mon, 12 Jan 1970 13:46:30 GMT", 1),  // past
            ("Fri, 31 Dec 9999 23:59:59 GMT", 101),
            ("Mon, 32 Jan 1970 13:46:50 GMT", 1),
        ])
    func retryAfterObeyed(value: String, seconds: Double) {
        let outcome = answered(.tooManyRequests, [.retryAfter: value])
        #expect(decide(outcome, .idempotent) == .retry(after: .seconds(seconds)))
    }

    @Test("A date is measured by the server's clock")
    func dateMeasuredServers() {
        let fields: HTTPFields = [
            .date: "Sun, 06 Nov 1994 08:49:37 GMT", .retryAfter: "Sun, 06 Nov 1994 08:50:07 GMT",
        ]
        #expect(decide(answered(.serviceUnavailable, fields), .idempotent) == .retry(after: .seconds(31)))
    }

    private func decide(_ outcome: RetryPolicy.Outcome, _ replay: Replay) -> RetryPolicy.Decision {
        decide(1, outcome, replay)
    }
}
