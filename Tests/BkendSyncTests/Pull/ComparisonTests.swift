import BkendWire
import Testing

@testable import BkendSync

/// Members that the server doesn't show: found by counting, and only believed where the answer says so.
@Suite struct ComparisonTests {
    private let run = MachineRun()

    /// A subscription with these members, read up to `t1`, whose poll is under way.
    private func begin(_ members: [String]) throws {
        var progress = PullProgress()
        progress.cursor = "t1"
        progress.isFilled = true
        run.store.subscriptions = [
            Subscription(number: 1, table: "notes", filter: RESTFilter(), progress: progress)
        ]
        run.store.members[1] = members
        run.store.bases = Dictionary(uniqueKeysWithValues: members.map { ($0, "t1") })
        #expect(try plan() == [.round])
        try run.answer(.page())
        #expect(try plan() == [.newest])
    }

    private func plan() throws -> [PullAsk] {
        try run.turn { pull, _, turn in try pull.plan(&turn) }.compactMap {
            if case .pull(1, let ask) = $0 { ask } else { nil }
        }
    }

    @Test("Equal counts: a part of the ids is counted as well, then the subscription rests")
    func equal() throws {
        try begin(["a", "b"])
        try run.answer(.page(["b"], total: 2))
        #expect(try plan() == [.split(IDRange(through: "a"))])
        try run.answer(.page(["a"], total: 1))
        #expect(try plan() == [])
        #expect(run.pull.pulls[1]?.reading == .complete && run.store.takeChanges() == [])
    }

    @Test("A member that the rows of its range don't show leaves")
    func gone() throws {
        try begin(["a", "b", "c"])
        try run.answer(.page(["c"], total: 2))
        #expect(try plan() == [.bisect(.rows(.all))])
        try run.answer(.page(["a", "c"]))
        #expect(run.store.takeChanges() == ["lose b"])
    }

    @Test("A member whose write was answered after the question stays")
    func touched() throws {
        try begin(["a", "b", "c"])
        try run.answer(.page(["c"], total: 2))
        _ = try plan()
        run.store.mark = 7
        run.store.settled["b"] = 7
        try run.answer(.page(["a", "c"]))
        #expect(run.store.takeChanges() == [])
    }

    @Test("A row past the cursor is read before anything is compared")
    func behind() throws {
        try begin(["a"])
        try run.answer(.page(["z"], at: "t9", total: 2))
        #expect(try plan() == [.round])
    }

    @Test("Most members go only after a second look, one shortest poll later")
    func mass() throws {
        try begin(["a", "b", "c"])
        try run.answer(.page(total: 0))
        #expect(try plan() == [.bisect(.rows(.all))])
        try run.answer(.page())
        #expect(run.store.takeChanges() == [] && run.pull.pulls[1]?.massLeaving == run.now)
        run.pass(.seconds(6))
        #expect(try plan() == [.round])
        try run.answer(.page())
        #expect(try plan() == [.newest])
        try run.answer(.page(total: 0))
        #expect(try plan() == [.bisect(.rows(.all))])
        try run.answer(.page())
        #expect(run.store.takeChanges() == ["lose a b c"])
    }

    @Test("Very many stay until the app confirms, if it wants to be asked")
    func held() throws {
        run.configuration.massRemoval = .afterWord
        run.configuration.massRemovalFloor = 2
        try begin(["a", "b", "c"])
        for step in 0..<2 {
            try run.answer(.page(total: 0))
            _ = try plan()
            try run.answer(.page())
            if step == 1 { break }
            run.pass(.seconds(6))
            _ = try plan()
            try run.answer(.page())
            _ = try plan()
        }
        #expect(run.store.takeChanges() == ["report massRemoval "])
        #expect(run.store.subscriptions[0].progress.heldRemovals == 3)
    }

    @Test("A full comparison lists every row, page by page, and keeps when it was")
    func full() throws {
        let noon = try #require(Timestamp("2030-01-01T12:00:00.000Z"))
        try begin(["a", "b", "c"])
        run.turn { pull, _, _ in pull.compareFully("notes") }
        try run.answer(.page(["c"], total: 3))
        let asked = try plan()
        let parts = asked.compactMap { if case .split(let part) = $0 { part } else { nil } }
        let part = try #require(parts.first)
        try run.answer(.page(total: run.store.memberCount(of: 1, in: part)))
        #expect(try plan() == [.full(.all)])
        try run.answer(.page(["a"], hasNext: true), date: noon)
        #expect(try plan() == [.full(IDRange(after: "a"))])
        try run.answer(.page(["c"]))
        #expect(run.store.takeChanges() == ["lose b"])
        #expect(run.store.subscriptions[0].progress.comparedAt == noon)
    }
}
