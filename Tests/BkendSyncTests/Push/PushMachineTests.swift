import BkendWire
import Testing

@testable import BkendSync

/// Which write is sent when, and what answers mean to it: one event a line.
@Suite struct PushMachineTests {
    private let run = MachineRun()

    init() { run.store.facts["notes"] = TableFacts(uniqueFields: [], hasUniqueKey: true) }

    /// Adds a write to the outbox.
    private func write(
        _ sequence: Int64, _ kind: OutboxEntry.Kind, _ record: String, key: String? = "k",
        _ state: OutboxEntry.State = .queued
    ) throws {
        let made = try #require(Timestamp("2030-01-01T00:00:00.000Z"))
        run.store.outbox.append(
            OutboxEntry(
                sequence: sequence, user: run.store.owner, table: "notes", record: record, kind: kind,
                fields: ["n": 1], before: ["n": 0], state: state, epoch: 0, body: nil, attempts: 0, failure: nil,
                madeTimestamp: made, changedAt: made, clientKey: kind == .create ? key : nil, overwrites: [:]))
    }

    /// What is sent next.
    private func plan() throws -> [Errand] {
        try run.turn { _, push, turn in
            try push.planSettling(&turn)
            try push.guarding.plan(&turn)
            try push.planQueued(&turn)
        }
    }

    private func state(_ sequence: Int64) -> OutboxEntry.State? { run.store.entry(sequence)?.state }

    @Test("A create is sent at once, and is done with its answer")
    func create() throws {
        try write(1, .create, "~1")
        #expect(try plan() == [.create(1)])
        try run.answer(.done(.record(AnswerRow("a", key: "k"))))
        #expect(run.store.outbox.isEmpty)
    }

    @Test("A create of a table that nothing is known of waits for its spec")
    func unknownTable() throws {
        run.store.facts = [:]
        try write(1, .create, "~1")
        #expect(try plan() == [])
        run.shared.tables["notes"].isSpecAsked = true
        #expect(try plan() == [.create(1)])
    }

    @Test("Local writes wait a moment for more")
    func debounce() throws {
        try write(1, .create, "~1")
        run.turn { _, push, turn in push.noteLocalWrite(turn) }
        #expect(try plan() == [])
        run.pass(.milliseconds(50))
        #expect(try plan() == [.create(1)])
    }

    @Test(
        "An answer that shows other fields alone is another create's, if this one can be looked up",
        arguments: [true, false])
    func strangersAnswer(hasKey: Bool) throws {
        let place = #"{"id":"s1","createdBy":"u","createdAt":"2030-01-01T00:00:00.000Z","updatedAt":"t1""#
        func isAnswer(_ fields: String) throws -> Bool {
            try write(1, .create, "~1", key: hasKey ? "k" : nil)
            let last = run.store.outbox.popLast()
            let entry = try #require(last)
            return CreateMatch.isAnswer(entry, AnswerRow(id: "s1", updatedAt: "t1", text: Array((place + fields).utf8)))
        }
        #expect(try isAnswer(#","n":1}"#) && isAnswer("}") && isAnswer(#","n":1,"state":"open"}"#))
        #expect(try !isAnswer(#","n":2}"#))
        // Columns that a user may only write are hidden: a create without a key has to take it.
        #expect(try isAnswer(#","state":"open"}"#) == !hasKey)
    }

    @Test("An update is decided on the record as the server has it now")
    func update() throws {
        try write(1, .update, "a")
        #expect(try plan() == [.copies(table: "notes", [1])])
        try run.answer(.page(["a"]))
        #expect(try plan() == [.update(1, asRead: AnswerRow("a"))])
        try run.answer(.done(.record(AnswerRow("a", at: "t2"))))
        #expect(run.store.outbox.isEmpty)
    }

    @Test("A record that a list doesn't show is read by its own route before it counts as deleted")
    func gone() throws {
        try write(1, .update, "a")
        _ = try plan()
        try run.answer(.page())
        #expect(try plan() == [.copy(1)])
        try run.answer(.missing)
        #expect(run.store.outbox.isEmpty && run.store.takeChanges() == ["report deletedElsewhere a"])
    }

    @Test("A copy that is too old to be decided on is read again")
    func old() throws {
        try write(1, .update, "a")
        _ = try plan()
        try run.answer(.page(["a"]))
        run.pass(.seconds(11))
        #expect(try plan() == [.copies(table: "notes", [1])])
    }

    @Test("A record that may be written but not read is written all the same")
    func blind() throws {
        try write(1, .update, "a")
        _ = try plan()
        try run.answer(.forbidden)
        #expect(run.shared.tables["notes"].isUnlistable)
        #expect(try plan() == [.copy(1)])
        try run.answer(.forbidden)
        #expect(try plan() == [.update(1, asRead: nil)])
    }

    @Test("A create whose answer was lost is looked up, and sent again only when no server can be at it")
    func lost() throws {
        try write(1, .create, "~1")
        _ = try plan()
        try run.answer(.unanswered)
        #expect(state(1) == .ambiguous)
        #expect(try plan() == [])
        run.pass(.seconds(60))
        #expect(try plan() == [.lookup(table: "notes", [1])])
        try run.answer(.page())
        #expect(state(1) == .ambiguous)
        run.pass(.seconds(2))
        #expect(try plan() == [.lookup(table: "notes", [1])])
        try run.answer(.page())
        #expect(state(1) == .queued)
        #expect(try plan() == [.create(1)])
    }

    @Test("Another create's answer is not believed")
    func swapped() throws {
        try write(1, .create, "~1")
        _ = try plan()
        try run.answer(.done(.record(AnswerRow("a", key: "other"))))
        #expect(state(1) == .ambiguous)
    }

    @Test("A create without key waits until no server can be at it, and is never sent again")
    func keyless() throws {
        try write(1, .create, "~1", key: nil)
        _ = try plan()
        try run.answer(.unanswered)
        run.pass(.seconds(60))
        #expect(try plan() == [])
        run.pass(.seconds(2))
        #expect(try plan() == [.settle(1)])
        try run.answer(.page())
        #expect(state(1) == .unresolved)
    }

    @Test("A write that waits alone is a dead letter once the server has refused it twice")
    func denied() throws {
        try write(1, .create, "~1")
        _ = try plan()
        try run.answer(.forbidden)
        #expect(state(1) == .queued)
        run.pass(.seconds(60))
        _ = try plan()
        try run.answer(.forbidden)
        #expect(state(1) == .failed && run.push.entries[1] == EntryMemory())
    }

    @Test("Three refused records of a kind pause the kind, and one at a time is tried")
    func paused() throws {
        for sequence in 1...5 { try write(Int64(sequence), .create, "~\(sequence)") }
        run.configuration.lanes = 3
        #expect(try plan() == [.create(1), .create(2), .create(3)])
        for _ in 0..<3 { try run.answer(.forbidden) }
        let place = PushPlace(table: "notes", kind: .create)
        let pause = try #require(run.push.pauses[place])
        #expect(pause.reason == .refused(.permissionDenied) && run.store.outbox.allSatisfy { $0.state == .queued })
        #expect(try plan() == [])
        run.now = pause.until
        #expect(try plan() == [.create(4)])
        try run.answer(.done(.record(AnswerRow("d", key: "k"))))
        #expect(run.push.pauses.isEmpty)
    }

    @Test("A guest's refused write waits by itself, and the store's new owner sends it at once")
    func guest() throws {
        run.store.owner = ""
        run.shared.session.changed(to: "")
        try write(1, .create, "~1")
        try run.turn { _, push, turn in try push.noteOwner(&turn) }
        _ = try plan()
        try run.answer(.forbidden)
        #expect(run.push.parked.map(\.sequence) == [1])
        #expect(try plan() == [])
        run.store.owner = "ann"
        run.store.outbox[0].user = "ann"
        run.shared.session.changed(to: "ann")
        try run.turn { _, push, turn in try push.noteOwner(&turn) }
        #expect(try plan() == [.create(1)])
    }

    @Test("A table that isn't there holds its own writes only")
    func tableGone() throws {
        run.store.facts["books"] = TableFacts(uniqueFields: [])
        try write(1, .create, "~1")
        _ = try plan()
        try run.answer(.tableRefused(ErrorBody(.tableNotFound, "no", status: 404)))
        try write(2, .create, "~2")
        run.store.outbox[1].table = "books"
        #expect(try plan() == [.create(2)])
    }

    @Test(
        "A refused create is looked up before it is sent again, unless the server keeps keys unique",
        arguments: [true, false])
    func refused(isUnique: Bool) throws {
        run.store.facts["notes"] = TableFacts(uniqueFields: [], hasUniqueKey: isUnique)
        try write(1, .create, "~1")
        _ = try plan()
        try run.answer(.tooMany(retryAfter: nil))
        run.pass(.seconds(60))
        if !isUnique {
            #expect(try plan() == [.lookup(table: "notes", [1])])
            try run.answer(.page())
        }
        #expect(try plan() == [.create(1)])
        // What didn't leave the device needs no lookup.
        try run.answer(.notSent(SyncFailure(.unreachable)))
        run.pass(.seconds(60))
        #expect(try plan() == [.create(1)])
    }

    @Test("A refused create that can't be looked up is sent again: the server said that it did nothing")
    func unlistable() throws {
        run.store.facts["notes"] = TableFacts(uniqueFields: [])
        try write(1, .create, "~1")
        _ = try plan()
        try run.answer(.tooMany(retryAfter: nil))
        run.pass(.seconds(60))
        #expect(try plan() == [.lookup(table: "notes", [1])])
        try run.answer(.forbidden)
        #expect(try plan() == [.create(1)])
    }

    @Test("An update whose answer was lost stays in doubt when its repetition is refused")
    func doubt() throws {
        try write(1, .update, "a")
        _ = try plan()
        try run.answer(.page(["a"]))
        _ = try plan()
        try run.answer(.unanswered)
        run.pass(.seconds(3))
        _ = try plan()
        try run.answer(.page(["a"]))
        #expect(try plan() == [.update(1, asRead: AnswerRow("a"))])
        try run.answer(.tooMany(retryAfter: nil))
        #expect(state(1) == .ambiguous)
    }
}
