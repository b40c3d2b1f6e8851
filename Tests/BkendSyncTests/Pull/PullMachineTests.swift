import BkendWire
import Testing

@testable import BkendSync

/// What a subscription asks, and what answers do to it: one event a line.
@Suite struct PullMachineTests {
    private let run = MachineRun()

    /// A subscription to a table, which was read up to a moment or not at all.
    private func subscribe(readTo cursor: String? = nil) {
        var progress = PullProgress()
        progress.cursor = cursor
        progress.isFilled = cursor != nil
        run.store.subscriptions = [
            Subscription(number: 1, table: "notes", filter: RESTFilter(), progress: progress)
        ]
    }

    /// What is asked next.
    private func plan() throws -> [PullAsk] {
        try run.turn { pull, _, turn in try pull.plan(&turn) }.compactMap {
            if case .pull(1, let ask) = $0 { ask } else { nil }
        }
    }

    private var pulled: SubscriptionPull? { run.pull.pulls[1] }

    @Test("A new subscription asks for the newest row, reads the rows, then what was written meanwhile, then counts")
    func first() throws {
        subscribe()
        #expect(try plan() == [.first(.newest)])
        try run.answer(.page(["a"], total: 2))
        #expect(try plan() == [.first(.rows(.all))])
        try run.answer(.page(["a", "b"]))
        #expect(try plan() == [.round])
        try run.answer(.page(["a", "b"]))
        #expect(try plan() == [.newest])
        #expect(run.store.members[1] == ["a", "b"] && run.store.subscriptions[0].progress.cursor == "t1")
    }

    @Test("A first pull reads several ranges side by side, but one where the gate is ajar", arguments: [true, false])
    func ranges(isAjar: Bool) throws {
        run.configuration.rangeSize = 1
        subscribe()
        _ = try plan()
        let ids = ["000000000000000000000000", "ffffffffffffffff00000000"]
        try run.answer(.page([ids[1]], total: 8))
        for id in ids {
            _ = try plan()
            try run.answer(.page([id], total: 8))
        }
        _ = try plan()
        try run.answer(.page([ids[0]], total: 4))
        if isAjar {
            var random = SyncRandom(seed: 1)
            run.shared.gate.close(
                .patience, at: run.now, wait: .seconds(1), ceiling: .seconds(1), cap: .seconds(1), using: &random)
            run.pass(.seconds(3))
        }
        #expect(try plan().count == (isAjar ? 1 : 2))
    }

    @Test("An empty table is filled by one answer, and counted by the next question")
    func empty() throws {
        subscribe()
        _ = try plan()
        try run.answer(.page())
        #expect(run.store.subscriptions[0].progress.isFilled)
        #expect(try plan() == [.newest])
    }

    @Test("The cursor waits for a row that was set aside, until it was read again")
    func setAside() throws {
        subscribe(readTo: "t0")
        #expect(try plan() == [.round])
        run.store.received.setAside = ["b"]
        try run.answer(.page(["a", "b"], at: "t5"))
        #expect(pulled?.progress.cursor == "t0")
        #expect(try plan() == [.reread(["b"])])
        try run.answer(.page(["b"], at: "t5"))
        #expect(pulled?.progress.cursor == "t5")
    }

    @Test("After six reads the cursor passes a row that is written all the time")
    func passed() throws {
        subscribe(readTo: "t0")
        _ = try plan()
        run.store.received.setAside = ["b"]
        try run.answer(.page(["a", "b"], at: "t5"))
        for _ in 0..<6 {
            #expect(try plan() == [.reread(["b"])])
            run.store.received.setAside = ["b"]
            try run.answer(.page(["b"], at: "t5"))
        }
        #expect(pulled?.progress.cursor == "t5" && pulled?.reread == nil)
    }

    @Test("A page with a row that wasn't requested is no answer")
    func foreignRow() throws {
        subscribe()
        run.store.bases = ["c": "t0"]
        _ = try plan()
        try run.answer(.page(["a"], total: 1))
        _ = try plan()
        try run.answer(.page(["a"]))
        _ = try plan()
        run.store.received.setAside = ["b"]
        try run.answer(.page(["b"]))
        #expect(try plan() == [.reread(["b"])])
        try run.answer(.page(["c"]))
        #expect(pulled?.attempts == 1 && pulled?.reread?.ids == ["b"])
        #expect(run.shared.problem?.message == "the page has rows that weren't requested")
    }

    private static let invalid = ErrorBody(.invalidParameters, "no", status: 400)

    @Test(
        "What can't be answered now waits: how long depends on what it was",
        arguments: [
            (Verdict.forbidden, Optional(PullProgress.Refusal.denied), Duration.seconds(60)),
            (.rejected(invalid), .query(invalid.code.rawValue), .seconds(60)),
            (.unanswered, nil, .seconds(2)), (.tooMany(retryAfter: nil), nil, .zero),
        ])
    func failures(verdict: Verdict, refusal: PullProgress.Refusal?, wait: Duration) throws {
        subscribe(readTo: "t0")
        _ = try plan()
        try run.answer(verdict)
        #expect(pulled?.progress.refusal == refusal)
        let due = try #require(pulled?.due)
        #expect(due.offset <= wait && (refusal == nil || due.offset == wait))
    }

    @Test("An answer that is lost twice, or too large for the server, asks for fewer rows")
    func smaller() throws {
        subscribe(readTo: "t0")
        for _ in 0..<2 {
            _ = try plan()
            try run.answer(.unanswered)
            run.pass(.seconds(60))
        }
        #expect(run.shared.tables["notes"].pageLimit?.rows == 50)
        _ = try plan()
        let error = ErrorBody(.pageTooLarge, "no", status: 413)
        try run.answer(.pageTooLarge(error))
        #expect(run.shared.tables["notes"].pageLimit?.rows == 25)
        #expect(try plan() == [.round])
    }

    @Test("A server whose clock goes back is read again from there")
    func clock() throws {
        subscribe(readTo: "t0")
        let noon = try #require(Timestamp("2030-01-01T12:00:00.000Z"))
        let morning = try #require(Timestamp("2030-01-01T08:00:00.000Z"))
        _ = try plan()
        run.turn { pull, _, turn in pull.noteClock(noon, askedAt: turn.now, &turn) }
        try run.answer(.page(), date: noon)
        #expect(pulled?.mustRead == false)
        run.pass(.seconds(1))
        run.turn { pull, _, turn in pull.noteClock(morning, askedAt: .zero, &turn) }
        #expect(pulled?.mustRead == true)
    }

    @Test("Another subscription of the table waits for its turn; one of another table doesn't")
    func turns() throws {
        run.store.subscriptions = [("notes", 1), ("notes", 2), ("books", 3)].map { table, number in
            Subscription(number: number, table: table, filter: RESTFilter(), progress: PullProgress())
        }
        let asked = try run.turn { pull, _, turn in try pull.plan(&turn) }
        #expect(asked.compactMap(\.subscription) == [1, 3])
    }

    @Test("A subscription that has ended takes no answer")
    func ended() throws {
        subscribe()
        _ = try plan()
        run.store.subscriptions = []
        try run.answer(.page(["a"]))
        #expect(run.pull.pulls.isEmpty && run.store.members.isEmpty)
    }
}
