import BkendSync
import BkendTransport
import BkendWire
import Foundation
import Testing

@testable import Bkend

@Suite("What a person reads of an error") struct LocalizedErrorTests {
    /// Every public error, with the words that must stand in its description.
    static let errors: [(any Error, String)] = {
        let timeout = TransportError(
            kind: .totalTimedOut, delivery: .mayHaveReachedServer, url: "https://host/v1/data/notes", reason: "late")
        let write = BkendError.Operation(method: "POST", table: "notes")
        return [
            (ErrorBody(.duplicateValue, "a record with this slug already exists"), "A record with this slug"),
            (BkendError(.server(ErrorBody(.permissionDenied, "you may not"))), "You may not."),
            (BkendError(.transport(timeout), operation: write), "may still have succeeded"),
            (BkendError(.sessionEnded), "session has ended"), (BkendError(.cancelled(.notSent)), "cancelled"),
            (BkendError(.foreignAnswer(status: 200, contentType: "text/html", detail: "x")), "sign-in page"),
            (BkendError(.invalidArgument("a page has 1 to 100 rows")), "A page has 1 to 100 rows."),
            (BkendError(.encoding(JSONCodingError(path: "a.b", message: "no"))), "can't be encoded"),
            (timeout, "didn't answer in time"),
            (TransportError(kind: .cannotConnect, delivery: .notSent, reason: "x"), "can't be reached"),
            (TransportError(kind: .connectionLost, delivery: .notSent, reason: "recv: 104"), "was lost"),
            (TransportError(kind: .bodyTooLarge, delivery: .answered, reason: "operation couldn"), "too large"),
            (TransportError(kind: .malformedResponse, delivery: .answered, reason: "data/"), "failed"),
            (StoreError(.noSuchRecord, table: "notes", record: "1"), "The record isn't on this device"),
            (StoreError(.outboxNotEmpty(3)), "3 writes are not on the server yet. Sync first."),
            (
                StoreError(.rejected(EntryFailure(code: "x/y", message: "the title is too long"))),
                "The title is too long."
            ),
            (
                EntryFailure(code: "data/validation-error", message: "title is required", status: 400),
                "Title is required."
            ),
            (SessionStoreError("the session file can't be opened"), "The session file can't be opened."),
            (JSONCodingError(path: "author.age", message: "expected a number"), "author.age: expected a number."),
            (QueryError(parameter: "andFilters", message: "must be an object"), "must be an object"),
            (FilterNotExpressible(field: nil, reason: .negation), "."),
        ]
    }()

    @Test(
        "says what went wrong in a sentence, without codes, addresses and Foundation's own words",
        arguments: errors.indices)
    func sentence(_ index: Int) {
        let (error, words) = Self.errors[index]
        let text = error.localizedDescription
        #expect(text.contains(words), "\(text)")
        #expect(text.hasSuffix("."), "\(text)")
        for noise in ["operation could not be completed", "operation couldn", "data/", "https://", "error 1", "`"] {
            #expect(!text.contains(noise), "\(text)")
        }
    }
}
