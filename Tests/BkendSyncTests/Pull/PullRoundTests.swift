import BkendSync
import BkendWire
import Testing

/// Where a pull goes on, and what it refuses.
@Suite struct PullRoundTests {
    private func page(_ rows: [(Int, Int)], total: Int = 0, hasNext: Bool = false) -> AnswerPage {
        AnswerPage(
            rows: rows.map { AnswerRow(id: "\($0.1)", updatedAt: "t\($0.0)", text: []) }, total: total, hasNext: hasNext
        )
    }

    @Test func aPageThatIsNotFullEndsIt() {
        var round = PullRound(from: "t1", limit: 3)
        #expect(round.take(page([(1, 1), (2, 2)]), date: nil) == .drained)
    }

    @Test func aFullPageGoesOnFromItsLastMoment() {
        var round = PullRound(from: "t1", limit: 3)
        #expect(round.take(page([(1, 1), (2, 2), (3, 3)]), date: nil) == .ask)
        #expect(round.position == .from("t3"))
    }

    @Test func aFullPageOfOneMomentIsDrainedByItself() {
        var round = PullRound(from: "t1", limit: 3)
        #expect(round.take(page([(5, 1), (5, 2), (5, 3)]), date: nil) == .ask)
        #expect(round.position == .equal("t5", afterID: "3"))
        #expect(round.take(page([(5, 4), (5, 5), (5, 6)]), date: nil) == .ask)
        #expect(round.position == .equal("t5", afterID: "6"))
        #expect(round.take(page([(5, 7)]), date: nil) == .ask)
        #expect(round.position == .past("t5"))
        #expect(round.take(page([]), date: nil) == .drained)
    }

    @Test func theServersTimeIsThatOfTheFirstPage() throws {
        let first = try #require(Timestamp("2030-01-01T00:00:00Z"))
        var round = PullRound(from: nil, limit: 1)
        _ = round.take(page([(1, 1)]), date: first)
        _ = round.take(page([]), date: Timestamp("2031-01-01T00:00:00Z"))
        #expect(round.began == first)
    }

    @Test func aPageThatWasNotAskedForIsRefused() {
        func malformed(_ position: PullRound.Position?, _ rows: [(Int, Int)]) -> Bool {
            var round = PullRound(from: "t3", limit: 2)
            if case .equal = position { _ = round.take(page([(5, 1), (5, 2)]), date: nil) }
            if case .malformed = round.take(page(rows), date: nil) { return true }
            return false
        }
        #expect(malformed(nil, [(2, 1)]))
        #expect(malformed(nil, [(5, 1), (4, 2)]))
        #expect(malformed(.equal("t5", afterID: "2"), [(6, 3)]))
        var round = PullRound(from: nil, limit: 2)
        let row = AnswerRow(id: "1", updatedAt: nil, text: [])
        #expect(
            round.take(AnswerPage(rows: [row], total: 1, hasNext: false), date: nil)
                == .malformed("a row has no updatedAt"))
    }

    @Test func theLowerBoundIsTheSmallerOfCursorAndServerTimeMinusTheOverlap() {
        let future = "2030-01-01T01:00:00.000Z"
        let now = Timestamp("2030-01-01T00:00:00Z")
        #expect(PullCursor.lowerBound(future, now, .seconds(30)) == "2029-12-31T23:59:30.000Z")
        #expect(PullCursor.lowerBound("2029-12-31T00:00:10.000Z", now, .seconds(30)) == "2029-12-30T23:59:40.000Z")
        #expect(PullCursor.lowerBound("2029-12-31T00:00:10.000Z", nil, .seconds(30)) == "2029-12-30T23:59:40.000Z")
        #expect(PullCursor.lowerBound("no date", now, .seconds(30)) == "no date")
    }

    @Test func theCursorIsTheLargestMomentSeen() {
        #expect(PullCursor.advanced(nil, page([(2, 1), (4, 2), (3, 3)]).rows) == "t4")
        #expect(PullCursor.advanced("t9", page([(4, 2)]).rows) == "t9")
        #expect(PullCursor.advanced(nil, []) == nil)
    }

    @Test func anIDsBytesFillTheURLAndNoMore() {
        let ids = (0..<300).map { "\($0)".padding }
        let some = IDBatch.prefix(ids, urlLimit: 1_024, most: 100)
        #expect(some.count == 15)
        #expect(IDBatch.prefix(ids, urlLimit: 8_192, most: 100).count == 100)
        #expect(IDBatch.prefix([String(repeating: "x", count: 9_000)], urlLimit: 100, most: 100).count == 1)
        #expect(IDBatch.prefix(ids, urlLimit: 8_192, most: 0).count == 1)
    }
}

extension String {
    fileprivate var padding: String { String(repeating: "0", count: 24 - count) + self }
}
