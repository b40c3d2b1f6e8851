import BkendWire
import Testing

@testable import BkendSync

/// What stands between a second copy and its deletion: one look a line.
@Suite struct DeletionGuardTests {
    private let run = MachineRun()
    private let twin = RecordKey("notes", "b")

    init() {
        run.store.original = "a"
        let received = Received(twins: [Received.Twin(id: "b", original: "a")])
        run.turn { _, push, turn in push.take(received, table: "notes", &turn) }
    }

    private func plan() throws -> [Errand] {
        try run.turn { _, push, turn in try push.guarding.plan(&turn) }
    }

    @Test("Two looks, the shortest poll apart, must show the original; the app is told before and after")
    func deleted() throws {
        #expect(try plan() == [.look(twin)])
        #expect(try run.answer(.done(.record(AnswerRow("a")))) == [])
        #expect(try plan() == [])
        run.pass(.seconds(5))
        #expect(try plan() == [.look(twin)])
        let sent = try run.answer(.done(.record(AnswerRow("a"))))
        #expect(sent.map(\.unwanted) == [twin] && !sent.contains(.look(twin)))
        #expect(run.store.takeChanges() == ["report twin a"])
        try run.answer(.done(.deleted))
        #expect(run.store.takeChanges() == ["report twinDeleted a"])
        #expect(run.push.guarding.suspects.isEmpty)
    }

    @Test("Where the original is gone, the row is the record")
    func renamed() throws {
        _ = try plan()
        try run.answer(.missing)
        #expect(try plan() == [.look(twin)])
        try run.answer(.done(.record(AnswerRow("b"))))
        #expect(run.store.takeChanges() == ["readopt a b"])
        #expect(run.push.guarding.suspects.isEmpty)
    }

    @Test("A record that is made again while its new id is looked at keeps the id that it gets")
    func recreatedMeanwhile() throws {
        _ = try plan()
        try run.answer(.missing)
        #expect(try plan() == [.look(twin)])
        run.store.recreated = ["a"]
        try run.answer(.done(.record(AnswerRow("b"))))
        #expect(run.store.takeChanges() == ["keepTwin b", "report twin a"])
        #expect(run.push.guarding.suspects.isEmpty)
    }

    @Test("A row stays where the user can't read the original")
    func hidden() throws {
        _ = try plan()
        try run.answer(.forbidden)
        #expect(run.store.takeChanges() == ["keepTwin b", "report twin a"])
        #expect(try plan() == [])
    }

    @Test("A look that comes to nothing is repeated later")
    func failed() throws {
        _ = try plan()
        try run.answer(.unanswered)
        #expect(try plan() == [])
        run.pass(.seconds(60))
        #expect(try plan() == [.look(twin)])
    }

    @Test("Where rows are kept, their subscriptions read them again")
    func shown() throws {
        run.store.subscriptions = [
            Subscription(number: 1, table: "notes", filter: RESTFilter(), progress: PullProgress())
        ]
        try run.turn { pull, _, turn in try pull.plan(&turn) }
        try run.answer(.page())
        try run.turn { pull, _, turn in try pull.plan(&turn) }
        try run.answer(.page())
        _ = try plan()
        try run.answer(.forbidden)
        #expect(run.pull.pulls[1]?.mustRead == true)
    }
}
