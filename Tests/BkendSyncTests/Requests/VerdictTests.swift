import BkendSync
import BkendWire
import Testing

/// What an answer means: the rules of sync.md, "Push", and every code of rest-api.md §10.
@Suite struct VerdictTests {
    private let create = SyncRequest.Operation.create(table: "notes")
    private let update = SyncRequest.Operation.update(table: "notes", id: "1")
    private let delete = SyncRequest.Operation.delete(table: "notes", id: "1")
    private let list = SyncRequest.Operation.list(table: "notes", [])

    private func answered(
        _ operation: SyncRequest.Operation, _ status: Int, _ body: String, isJSON: Bool = true,
        retryAfter: Duration? = nil
    ) -> Verdict {
        Verdict(
            operation,
            .answered(SyncAnswer(status: status, isJSON: isJSON, retryAfter: retryAfter, body: Array(body.utf8))))
    }

    private func refused(_ operation: SyncRequest.Operation, _ code: ErrorCode) -> Verdict {
        let error = ErrorBody(code, "no")
        return answered(operation, error.status, error.json.description)
    }

    @Test(arguments: [
        (ErrorCode.validationError, "rejected"), ("data/query-timeout", "rejected"), (.duplicateValue, "rejected"),
        (.payloadTooLarge, "rejected"), (.unsupportedMediaType, "rejected"), ("user/forbidden", "rejected"),
        ("some/new-code", "rejected"), (.permissionDenied, "denied"), (.tableNotFound, "tableRefused"),
        (.scopeInsufficient, "tableRefused"), (.systemTableAccess, "tableRefused"), (.invalidAPIKey, "engineRefused"),
        (.invalidHeader, "engineRefused"), (.projectAccessDenied, "engineRefused"),
        (.environmentNotFound, "engineRefused"), (.routeNotFound, "engineRefused"),
        ("auth/mfa-required", "engineRefused"), ("auth/account-banned", "engineRefused"),
        ("auth/email-not-verified", "engineRefused"), (.unauthorized, "unauthorized"),
        (.tokenExpired, "unauthorized"), (.invalidToken, "unauthorized"), (.invalidTokenFormat, "unauthorized"),
        (.sessionExpired, "unauthorized"), (.authenticationRequired, "unauthorized"),
        (.rateLimitExceeded, "tooMany"), (.tooManyRequests, "tooMany"), (.internalError, "serverFailed"),
        (.insufficientStorage, "serverFailed"), (.serviceUnavailable, "tooMany"),
    ])
    func aServersOwnRefusalMeans(_ code: ErrorCode, _ expected: String) {
        for operation in [create, update, delete] {
            #expect("\(refused(operation, code))".hasPrefix(expected), "\(operation.name)")
        }
    }

    @Test func onlyNotFoundOfARecordIsADeletion() {
        for operation in [update, delete, .record(table: "notes", id: "1")] {
            #expect(refused(operation, .notFound) == .missing)
            #expect(refused(operation, .tableNotFound) != .missing)
            #expect(answered(operation, 404, "<html>", isJSON: false) != .missing)
            #expect(answered(operation, 404, #"{"message":"nope"}"#) != .missing)
        }
        #expect(refused(create, .notFound) != .missing)
        #expect(refused(list, .notFound) != .missing)
    }

    @Test(arguments: [
        (200, "<html>"), (201, ""), (201, "{}"), (201, #"{"title":"a"}"#), (201, #"{"id":5}"#), (200, #"[]"#),
        (302, ""), (404, "<html>"), (400, "{}"), (407, "proxy"),
    ])
    func whatIsNoAnswerToACreateIsForeignAndAmbiguous(_ status: Int, _ body: String) {
        let verdict = answered(create, status, body)
        guard case .foreign = verdict else {
            Issue.record("\(verdict)")
            return
        }
        #expect(WriteFate(create: verdict) == .ambiguous)
        #expect(WriteFate(update: verdict) == .ambiguous)
        #expect(WriteFate(delete: verdict) == .ambiguous)
    }

    @Test(arguments: [408, 500, 502, 503, 504, 507, 599])
    func aServersFailureMayHaveActed(_ status: Int) {
        for body in ["", "<html>", #"{"error":{"code":"common/internal-error","message":"x"}}"#] {
            let verdict = answered(create, status, body)
            #expect(verdict == .serverFailed(status: status, retryAfter: nil))
            #expect(WriteFate(create: verdict) == .ambiguous)
        }
    }

    @Test func aCreateMayGoOutAgainOnlyWhenItCertainlyDidNothing() {
        let sure: [Verdict] = [
            .notSent(SyncFailure(.unreachable)), refused(create, .tokenExpired), refused(create, .rateLimitExceeded),
            answered(create, 425, ErrorBody("x/early", "x", status: 425).json.description),
        ]
        for verdict in sure { #expect([.again, .refresh].contains(WriteFate(create: verdict)), "\(verdict)") }
        let unsure: [Verdict] = [
            .lost(SyncFailure(.timedOut)), .lost(SyncFailure(.broken)), answered(create, 429, "slow down"),
            answered(create, 425, ""), answered(create, 401, "<html>"),
        ]
        for verdict in unsure { #expect(WriteFate(create: verdict) == .ambiguous, "\(verdict)") }
    }

    @Test func aDuplicateIsLookedUpBeforeItIsBelieved() {
        guard case .duplicate = WriteFate(create: refused(create, .duplicateValue)) else {
            Issue.record("a 409 of a create")
            return
        }
        guard case .rejected = WriteFate(update: refused(update, .duplicateValue)) else {
            Issue.record("a 409 of an update")
            return
        }
    }

    @Test func successIsReadBareAndWrapped() {
        let row = #"{"id":"1","updatedAt":"2030-01-01T00:00:00.000Z","a":1}"#
        for body in [row, #"{"success":true,"data":\#(row)}"#, #" { "data" : \#(row), "success":true } "#] {
            guard case .done(.record(let read)) = answered(update, 200, body) else {
                Issue.record("\(body)")
                return
            }
            #expect(read.id == "1" && String(decoding: read.text, as: UTF8.self) == row)
        }
        let page = #"{"items":[\#(row)],"pagination":{"total":7,"page":1,"limit":1,"hasNext":true}}"#
        for body in [page, #"{"success":true,"data":\#(page)}"#] {
            guard case .done(.page(let read)) = answered(list, 200, body) else {
                Issue.record("\(body)")
                return
            }
            #expect(read.rows.map(\.id) == ["1"] && read.total == 7 && read.hasNext)
        }
        #expect(answered(delete, 200, #"{"success":true}"#) == .done(.deleted))
    }

    @Test(arguments: [
        #"{"items":[{"id":"1"},{"name":"no id"}],"pagination":{"total":2}}"#,
        #"{"items":[1],"pagination":{"total":1}}"#,
        #"{"items":[]}"#, #"{"pagination":{"total":0}}"#, #"{"items":[{"id":"1"}],"pagination":{"total":-1}}"#,
        #"{"items":[{"id":"1"}],"pagination":{"total":1}"#,
        #"{"items":[{"id":"1"}],"items":[],"pagination":{"total":1}}"#,
        #"{"items":null,"pagination":{"total":0}}"#,
    ])
    func halfAPageIsNone(_ body: String) {
        guard case .foreign = answered(list, 200, body) else {
            Issue.record("\(body)")
            return
        }
    }

    @Test func anAnswerAboutAnotherRecordIsNone() {
        guard case .foreign = answered(update, 200, #"{"id":"2"}"#) else {
            Issue.record("another record's row")
            return
        }
    }

    @Test func aSuccessThatSaysItIsNoneIsTheErrorInside() {
        let body = #"{"success":false,"statusCode":404,"error":{"code":"data/not-found","message":"x"}}"#
        #expect(answered(update, 200, body) == .missing)
    }

    /// A portal's JSON, and a record in a page of HTML's type.
    @Test func aSuccessIsBelievedOnlyInItsOwnForm() {
        let row = #"{"id":"1","updatedAt":"2030-01-01T00:00:00.000Z"}"#
        let verdicts = [
            answered(delete, 200, "{}"), answered(delete, 200, #"{"status":"ok"}"#), answered(delete, 200, "null"),
            answered(delete, 200, #"{"success":true}"#, isJSON: false), answered(create, 201, row, isJSON: false),
            answered(update, 200, row, isJSON: false),
            answered(list, 200, #"{"items":[],"pagination":{"total":0}}"#, isJSON: false),
        ]
        for verdict in verdicts {
            guard case .foreign = verdict else {
                Issue.record("\(verdict)")
                continue
            }
        }
    }

    @Test func tooLargeIsBelievedOfAnybody() {
        guard case .rejected(let error) = answered(create, 413, "<html>", isJSON: false) else {
            Issue.record("413")
            return
        }
        #expect(error.code == .payloadTooLarge)
    }
}
