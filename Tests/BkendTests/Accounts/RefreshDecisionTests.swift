import BkendTransport
import BkendWire
import Foundation
import HTTPTypes
import Testing

@testable import Bkend

@Suite("The decision to refresh")
struct RefreshDecisionTests {
    static let used = Session(server: "https://a/v1", userID: "ada", accessToken: "a1", refreshToken: "r1")
    static let next = Session(server: "https://a/v1", userID: "ada", accessToken: "a2", refreshToken: "r2")

    static func decide(_ stored: Session?, _ refusal: ErrorCode = .tokenExpired) -> RefreshDecision {
        RefreshDecision(stored: stored, used: used, refusal: refusal)
    }

    @Test("A token that nobody has replaced is refreshed", arguments: [ErrorCode.tokenExpired, .invalidToken])
    func refresh(refusal: ErrorCode) {
        #expect(Self.decide(Self.used, refusal) == .refresh(Self.used))
    }

    @Test(
        "What another call or process has refreshed already is used as it is",
        arguments: [
            ErrorCode.tokenExpired, .invalidToken, .sessionExpired,
        ])
    func resend(refusal: ErrorCode) {
        #expect(Self.decide(Self.next, refusal) == .resend(Self.next))
        let marked = Self.next.with(.refreshing)
        #expect(Self.decide(marked, refusal) == .resend(marked))
    }

    @Test("A refresh token whose answer was lost is never sent again")
    func lost() {
        let marked = Self.used.with(.refreshing)
        #expect(Self.decide(marked) == .end(marked))
    }

    @Test("A session that the server has ended is not refreshed")
    func ended() {
        #expect(Self.decide(Self.used, .sessionExpired) == .end(Self.used))
        #expect(Self.decide(Self.used.with(.ended)) == .giveUp)
        #expect(Self.decide(Self.next.with(.ended)) == .giveUp)
    }

    @Test("A call is never sent again as another user, nor to another server")
    func others() {
        var other = Self.next
        other.userID = "eve"
        #expect(Self.decide(other) == .giveUp)
        other = Self.next
        other.server = "https://b/v1"
        #expect(Self.decide(other) == .giveUp)
        #expect(Self.decide(nil) == .giveUp)
    }

    @Test(
        "Only a 401 of the server's own about the access token asks for another",
        arguments: [
            (ErrorCode.tokenExpired, 401, true), (.invalidToken, 401, true), (.sessionExpired, 401, true),
            (.invalidCredentials, 401, false), (.invalidAPIKey, 401, false), (.authenticationRequired, 401, false),
            (.projectAccessDenied, 403, false), (.tokenExpired, 400, false), (.internalError, 500, false),
        ])
    func refusals(code: ErrorCode, status: Int, isAbout: Bool) {
        let error = BkendError(.server(ErrorBody(code, "no", status: status)))
        #expect(RefreshDecision.concerns(error) == (isAbout ? code : nil))
        #expect(RefreshDecision.concerns(BkendError(.foreignAnswer(status: 401, contentType: nil, detail: ""))) == nil)
    }

    @Test("A pair of tokens renews the session; anything else in a success is no answer")
    func success() {
        let pair: JSON = ["accessToken": "a2", "refreshToken": "r2"]
        guard
            case .renewed(let session) = RefreshOutcome(
                .success(pair), of: Self.used.with(.refreshing), now: .distantPast)
        else {
            Issue.record("not renewed")
            return
        }
        #expect(session.accessToken == "a2" && session.refreshToken == "r2" && session.status == .active)
        for answer: JSON in [
            [:], ["accessToken": "a2"], ["accessToken": "a2", "refreshToken": ""], .null,
            ["accessToken": "a\r\nX: y", "refreshToken": "r2"],
        ] {
            guard case .lost = RefreshOutcome(.success(answer), of: Self.used, now: .distantPast) else {
                Issue.record("taken for an answer: \(answer)")
                return
            }
        }
    }

    enum Outcome: Sendable { case unspent, lost, ended }

    @Test(
        "A failure leaves the token for another attempt only where it was certainly not used",
        arguments: [
            (
                BkendError.Reason.transport(TransportError(kind: .cannotConnect, delivery: .notSent, reason: "")),
                Outcome.unspent
            ),
            (.transport(TransportError(kind: .connectionLost, delivery: .mayHaveReachedServer, reason: "")), .lost),
            (.transport(TransportError(kind: .idleTimedOut, delivery: .answered, reason: "")), .lost),
            (.cancelled(.notSent), .unspent), (.cancelled(.mayHaveReachedServer), .lost),
            (.server(ErrorBody(.tooManyRequests, "")), .unspent), (.server(ErrorBody(.invalidAPIKey, "")), .unspent),
            (.server(ErrorBody(.invalidRefreshToken, "")), .ended), (.server(ErrorBody(.sessionExpired, "")), .ended),
            (.server(ErrorBody(.internalError, "")), .lost),
            // Nothing was done, says the server itself.
            (.server(ErrorBody(.serviceUnavailable, "")), .unspent),
            (.server(ErrorBody(.insufficientStorage, "")), .unspent),
            (.foreignAnswer(status: 502, contentType: "text/html", detail: ""), .lost),
            (.foreignAnswer(status: 200, contentType: "text/html", detail: ""), .lost),
        ])
    func failure(reason: BkendError.Reason, expected: Outcome) {
        switch RefreshOutcome(.failure(BkendError(reason)), of: Self.used, now: .distantPast) {
        case .unspent: #expect(expected == .unspent)
        case .lost: #expect(expected == .lost)
        case .ended: #expect(expected == .ended)
        case .renewed: Issue.record("renewed by a failure")
        }
    }

    @Test(
        "A session is due when half of its access token's life is over, by a clock that has not been set back",
        arguments: [(-1, false), (0, false), (1_799, false), (1_800, true), (10_000, true)])
    func due(age: Int, isDue: Bool) {
        let moment = Date(timeIntervalSince1970: 1_750_000_000)
        var session = Self.used
        session.obtainedAt = moment
        session.expiresIn = 3_600
        let now = moment.addingTimeInterval(Double(age))
        #expect(session.isDue(at: now) == isDue)
        #expect(!session.with(.unrenewable).isDue(at: now))
        #expect(!session.with(.refreshing).isDue(at: now))
        #expect(!Self.used.isDue(at: now))
    }

    @Test("An early refresh is sent once; one whose answer was lost leaves the rest of the access token's life")
    func ahead() {
        func decide(_ stored: Session?) -> RefreshDecision { RefreshDecision(ahead: stored, of: Self.used) }
        var other = Self.used
        other.userID = "eve"
        #expect(decide(Self.used) == .refresh(Self.used))
        #expect(decide(Self.used.with(.refreshing)) == .useUp(Self.used.with(.refreshing)))
        for stored in [nil, Self.next, other, Self.used.with(.unrenewable), Self.used.with(.ended)] {
            #expect(decide(stored) == .giveUp)
        }
        let spent = Self.used.with(.unrenewable)
        #expect(Self.decide(spent) == .end(spent))
    }

    @Test("A session doesn't show its tokens")
    func description() {
        var shown = ""
        let session = Session(server: "s", userID: "ada", accessToken: "secret-a", refreshToken: "secret-r")
        dump(session, to: &shown)
        for text in [shown, "\(session)", String(reflecting: session), "\(Optional(session) as Any)"] {
            #expect(!text.contains("secret"))
            #expect(text.contains("ada"))
        }
    }
}
