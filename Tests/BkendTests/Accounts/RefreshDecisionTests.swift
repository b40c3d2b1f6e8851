import BkendTransport
import BkendWire
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

    @Test("A pair of tokens renews the session; anything else in a success ends it")
    func success() {
        let pair: JSON = ["accessToken": "a2", "refreshToken": "r2"]
        guard case .renewed(let session) = RefreshOutcome(.success(pair), of: Self.used.with(.refreshing)) else {
            Issue.record("not renewed")
            return
        }
        #expect(session == Self.next)
        for answer: JSON in [
            [:], ["accessToken": "a2"], ["accessToken": "a2", "refreshToken": ""], .null,
            ["accessToken": "a\r\nX: y", "refreshToken": "r2"],
        ] {
            guard case .ended = RefreshOutcome(.success(answer), of: Self.used) else {
                Issue.record("not ended by \(answer)")
                return
            }
        }
    }

    @Test(
        "A failure leaves the token for another attempt only where it was certainly not used",
        arguments: [
            (BkendError.Reason.transport(TransportError(kind: .cannotConnect, delivery: .notSent, reason: "")), true),
            (.transport(TransportError(kind: .connectionLost, delivery: .mayHaveReachedServer, reason: "")), false),
            (.transport(TransportError(kind: .idleTimedOut, delivery: .answered, reason: "")), false),
            (.cancelled(.notSent), true), (.cancelled(.mayHaveReachedServer), false),
            (.server(ErrorBody(.tooManyRequests, "")), true), (.server(ErrorBody(.invalidAPIKey, "")), true),
            (.server(ErrorBody(.invalidRefreshToken, "")), false), (.server(ErrorBody(.sessionExpired, "")), false),
            (.server(ErrorBody(.internalError, "")), false),
            (.foreignAnswer(status: 502, contentType: "text/html", detail: ""), false),
        ])
    func failure(reason: BkendError.Reason, isUnspent: Bool) {
        switch RefreshOutcome(.failure(BkendError(reason)), of: Self.used) {
        case .unspent: #expect(isUnspent)
        case .ended: #expect(!isUnspent)
        case .renewed: Issue.record("renewed by a failure")
        }
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
