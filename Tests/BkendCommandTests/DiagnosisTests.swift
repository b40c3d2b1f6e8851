import Bkend
import BkendWire
import Foundation
import Testing

@testable import BkendCommand
@testable import BkendSync

@Suite("Why a write waits")
struct DiagnosisTests {
    private func entry(
        _ id: Int64, _ kind: OutboxEntry.Kind, _ record: String, _ state: OutboxEntry.State = .queued,
        fields: JSONObject = [:], attempts: Int = 0, failure: EntryFailure? = nil
    ) -> OutboxEntry {
        OutboxEntry(
            sequence: id, user: "u", table: "notes", record: record, kind: kind, fields: fields, before: [:],
            state: state,
            epoch: 0, body: nil, attempts: attempts, failure: failure, madeTimestamp: Timestamp(clamping: 0),
            changedAt: Timestamp(clamping: 0), clientKey: nil, overwrites: [:])
    }

    private func reasons(_ entries: [OutboxEntry], isLed: Bool = true, isGuests: Bool = false) -> [String] {
        Diagnosis.of(entries, isLed: isLed, isGuests: isGuests).map { $0.reason + ($0.remedy.map { " → \($0)" } ?? "") }
    }

    @Test("A write waits for an earlier one of its record, or for the create of a record that it names")
    func behind() {
        let entries = [
            entry(1, .create, "~a"), entry(2, .update, "~a"), entry(3, .create, "~b", fields: ["list": ["x", "~a"]]),
            entry(4, .update, "c", fields: ["n": 1]),
        ]
        #expect(
            reasons(entries) == [
                "it wasn't sent yet", "it waits for #1, an earlier write of its record",
                "it waits for #1, the create of ~a, which it names", "it wasn't sent yet",
            ])
    }

    @Test("What is stuck says why and what to do, and so does what it blocks")
    func stuck() {
        let failure = EntryFailure(code: "data/validation-error", message: "title is required", status: 400)
        let entries = [
            entry(1, .create, "~a", .failed, failure: failure), entry(2, .update, "~a", .blocked),
            entry(3, .update, "d", .failed, failure: failure), entry(4, .update, "d"),
            entry(5, .create, "~e", .unresolved),
        ]
        let told = reasons(entries)
        #expect(told[0].hasPrefix("the server rejected it: title is required → edit the fields"))
        #expect(told[1] == "it waits for #1, an earlier write of its record → resolve #1")
        #expect(told[3] == "it wasn't sent yet", "a rejected update holds up nothing")
        #expect(told[4].hasPrefix("the server may or may not have the record → check whether"))
    }

    @Test("What nobody sends says so")
    func nobody() {
        let failure = EntryFailure(code: "serverFailed", message: "the server answered 503", status: 503)
        let waiting = [entry(1, .update, "a", attempts: 2, failure: failure), entry(2, .update, "b", .ambiguous)]
        #expect(
            reasons(waiting, isLed: false) == [
                "its last attempt didn't succeed: the server answered 503 → no process synchronises the store: start the "
                    + "app, with a network and somebody signed in",
                "it was sent, and no answer came → start the app, with a network; nothing is sent twice",
            ])
        #expect(
            reasons([entry(1, .create, "~a")], isGuests: true) == [
                "a guest made it → if guests may not write to notes, it is sent once somebody signs in"
            ])
        #expect(reasons([entry(1, .update, "a", .inFlight)]) == ["it is being sent"])
    }
}
