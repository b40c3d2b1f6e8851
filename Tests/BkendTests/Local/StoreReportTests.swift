import BkendWire
import Testing

@testable import Bkend
@testable import BkendSync

@Suite("The content of a report")
struct StoreReportTests {
    private func content(_ kind: String, _ detail: JSONObject) -> StoreReport.Content {
        StoreReport(SyncReport(number: 1, kind: kind, table: "notes", record: "a", detail: detail)).content
    }

    @Test("Each kind has its content, as the engine writes it")
    func kinds() {
        #expect(
            content("conflict", ["field": "n", "before": 1, "mine": 2, "theirs": 3, "kept": "theirs", "entry": 7])
                == .conflict(field: "n", before: 1, mine: 2, theirs: 3, kept: .theirs))
        #expect(
            content("conflict", ["field": "n", "mine": 2, "kept": "merged", "sent": 5])
                == .conflict(field: "n", before: nil, mine: 2, theirs: nil, kept: .merged(5)))
        #expect(
            content("deleteConflict", ["theirs": ["n": 1], "before": ["n": 0], "kept": "mine"])
                == .deleteConflict(theirs: ["n": 1], kept: .mine))
        #expect(
            content("deletedElsewhere", ["mine": ["n": 1], "became": "createdAgain"])
                == .deletedElsewhere(mine: ["n": 1], isRecreated: true))
        #expect(
            content("deletedElsewhere", ["mine": [:], "became": "deleted"])
                == .deletedElsewhere(mine: [:], isRecreated: false))
        #expect(content("race", ["fields": ["a", "b"]]) == .race(fields: ["a", "b"]))
        #expect(content("twin", ["copy": "b", "becomes": "deleted"]) == .twin(copy: "b", staysBecause: nil))
        #expect(content("twin", ["copy": "b", "reason": "why"]) == .twin(copy: "b", staysBecause: "why"))
        #expect(content("twinDeleted", ["deleted": "b"]) == .twinDeleted(copy: "b"))
        #expect(content("twins", ["copies": ["b", "c"], "reason": "why"]) == .twins(copies: ["b", "c"]))
        #expect(
            content("massRemoval", ["subscription": 3, "rows": 90, "of": 100, "isHeld": true])
                == .massRemoval(subscription: 3, rows: 90, of: 100, isHeld: true))
        #expect(content("reportsDropped", ["count": 12]) == .reportsDropped(count: 12))
    }

    @Test("A kind that this version doesn't know, and one that lacks what it needs, is still there")
    func others() {
        #expect(content("later", ["x": 1]) == .other)
        // A value that nests too deep is left out.
        #expect(content("conflict", ["field": "n", "leftOut": ["mine"]]) == .other)
        #expect(content("massRemoval", [:]) == .other)
    }
}
