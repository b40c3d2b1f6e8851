import BkendDocuments
import BkendWire
import Foundation
import GRDB
import Testing

@testable import BkendSync

/// `blocked` is derived: no row says it, and every way of showing entries agrees on it.
@Suite struct BlockedTests {
    private let fixture: StoreFixture

    init() throws { fixture = try StoreFixture() }

    /// The blocked entries' records, in the order of the entries, as each way of asking has them.
    private func blocked() throws -> [String] {
        try fixture.store.read { snapshot in
            let all = try snapshot.outbox.entries()
            let blocked = all.filter { $0.state == .blocked }
            #expect(try snapshot.outbox.entries(state: .blocked) == blocked)
            #expect(try snapshot.outbox.entries(state: .queued) == all.filter { $0.state == .queued })
            #expect(try snapshot.blocked.entries() == Set(blocked.map(\.sequence)))
            let counts = Dictionary(grouping: all, by: \.state).mapValues(\.count)
            #expect(try snapshot.outbox.entryCounts() == counts)
            let toSend = Set(all.filter { [.queued, .inFlight, .ambiguous].contains($0.state) }.map(\.table))
            #expect(try snapshot.queue.tablesWithEntriesToSend() == toSend.sorted())
            #expect(try snapshot.queue.hasEntriesToSend(besides: []) == !toSend.isEmpty)
            let elsewhere = TablePause(table: "elsewhere", kind: nil, reason: .requested, until: .distantPast)
            #expect(try snapshot.queue.hasEntriesToSend(besides: [elsewhere]) == !toSend.isEmpty)
            for entry in all {
                #expect(try snapshot.outbox.entry(entry.sequence) == entry)
                #expect(try snapshot.outbox.entries(of: entry.table, entry.record).contains(entry))
                #expect(try snapshot.outbox.entries(table: entry.table, state: entry.state).contains(entry))
                // No row says it.
                #expect(try snapshot.outbox.storedEntry(entry.sequence)?.state != .blocked)
            }
            #expect(
                try snapshot.queue.sendable(limit: .max).allSatisfy { $0.state == .queued && !blocked.contains($0) })
            return blocked.map(\.record)
        }
    }

    private func fail(_ id: String, in table: String = "notes") throws {
        try fixture.fail(try #require(fixture.lane(id, in: table).first))
    }

    @Test("While nothing is stuck, nothing is blocked")
    func whileNothingStuck() throws {
        #expect(try blocked().isEmpty)
        let a = try fixture.create(["title": "A"])
        _ = try fixture.create(["parent": .string(a)])
        #expect(try blocked().isEmpty)
        // A rejected update holds up nothing.
        try fixture.receive(["id": "s", "title": "S"])
        try fixture.update("s", ["title": "mine"])
        try fail("s")
        try fixture.update("s", ["n": 1])
        #expect(try fixture.lane("s").map(\.state) == [.failed, .queued])
        #expect(try blocked().isEmpty)
    }

    @Test("A chain leads over edges and lanes, in any order of the entries and through several tables")
    func chainLeadsOver() throws {
        let a = try fixture.create(["title": "A"])
        try fixture.receive(["id": "s", "title": "S"], ["id": "t", "title": "T"], in: "lists")
        // An update that names a, another behind it that names nothing, and a create that names what isn't stuck.
        try fixture.update("s", ["note": .string(a)], in: "lists")
        try fixture.update("s", ["title": "mine"], in: "lists")
        let b = try fixture.create(["parent": "s"])
        let c = try fixture.create(["title": "C"])
        let d = try fixture.create(["parent": .string(c)], in: "lists")
        try fixture.update("t", ["note": .string(d)], in: "lists")
        #expect(try blocked().isEmpty)
        try fail(a)
        #expect(try blocked() == ["s", "s"])
        // c is made before d, and waits for a from now on: it is an older entry than the one that blocks it further on.
        let e = try fixture.create(["title": "E"])
        let first = try #require(fixture.lane(c).first)
        try fixture.store.write { try $0.decisions.edit(first.sequence, set: ["see": .string(e)]) }
        let second = try #require(fixture.lane(e).first)
        try fixture.store.write { try $0.decisions.edit(second.sequence, set: ["see": .string(a)]) }
        #expect(try blocked() == ["s", "s", c, d, "t", e])
        #expect(try fixture.lane(b).map(\.state) == [.queued])
        #expect(try fixture.store.read { try $0.queue.sendable(limit: .max) }.map(\.record) == [b])
    }

    @Test("An entry with several causes is blocked until the last one is gone")
    func entrySeveralCauses() throws {
        let a = try fixture.create(["title": "A"])
        let b = try fixture.create(["title": "B"])
        let c = try fixture.create(["first": .string(a), "second": .string(b)])
        let d = try fixture.create(["parent": .string(c)])
        let sent = try fixture.send(b)
        try fixture.store.write { try $0.sending.markUnresolved(sent.sequence) }
        try fail(a)
        #expect(try blocked() == [c, d])
        try fixture.store.write {
            try $0.decisions.retry(try #require($0.outbox.entries(of: "notes", a).first).sequence)
        }
        #expect(try blocked() == [c, d])
        try fixture.adopt(b, as: "s1")
        #expect(try blocked().isEmpty)
        #expect(try fixture.lane(c).map(\.state) == [.queued])
    }

    @Test("A cause that is discarded fails what names it, and frees what was behind that")
    func causeDiscardedFails() throws {
        let a = try fixture.create(["title": "A"])
        try fixture.receive(["id": "s", "title": "S"])
        try fixture.update("s", ["parent": .string(a)])
        try fixture.update("s", ["title": "mine"])
        let b = try fixture.create(["parent": .string(a)])
        let c = try fixture.create(["parent": .string(b)])
        try fail(a)
        try fixture.update(a, ["see": .string(c)])
        #expect(try blocked() == ["s", "s", b, c, a])
        let lane = try fixture.lane(a)
        #expect(lane.map(\.state) == [.failed, .blocked])
        // What is gone is reported as it was shown.
        #expect(try fixture.store.write { try $0.decisions.discard(lane[0].sequence) } == lane)
        #expect(try fixture.lane("s").map(\.state) == [.failed, .queued])
        #expect(try fixture.lane(b).map(\.state) == [.failed])
        #expect(try blocked() == [c])
        _ = try fixture.store.write {
            try $0.decisions.discard(try #require($0.outbox.entries(of: "notes", b).first).sequence)
        }
        #expect(try blocked().isEmpty)
        #expect(try fixture.lane(c).map(\.state) == [.failed])
    }

    @Test("What is on its way is not blocked, and holds up nothing for another's sake")
    func whatWayNot() throws {
        try fixture.receive(["id": "a", "n": 1])
        let b = try fixture.create(["parent": "a"], in: "others")
        let sent = try fixture.send(b, in: "others")
        let c = try fixture.create(["parent": .string(b)], in: "others")
        try fixture.update("a", ["n": 2])
        #expect(try fixture.store.write { try $0.recreating.recreate("notes", "a") })
        try fixture.fail(try fixture.send("a"))
        #expect(try blocked().isEmpty)
        try fixture.store.write { try $0.sending.requeue(sent.sequence) }
        #expect(try blocked() == [b, c])
    }

    @Test("A refusal names the state that is shown")
    func refusalNamesState() throws {
        let a = try fixture.create(["title": "A"])
        let b = try fixture.create(["parent": .string(a)])
        let waiting = try #require(fixture.lane(b).first).sequence
        #expect(
            refusal { try fixture.store.write { try $0.decisions.retry(waiting) } } == .wrongState(waiting, .queued))
        try fail(a)
        #expect(
            refusal { try fixture.store.write { try $0.decisions.retry(waiting) } } == .wrongState(waiting, .blocked))
        try fixture.store.write { try $0.decisions.edit(waiting, set: [:], removing: ["parent"]) }
        #expect(try blocked().isEmpty)
    }

    @Test("The engine's questions leave blocked entries out")
    func enginesQuestionsLeave() throws {
        let a = try fixture.create(["title": "A"])
        let b = try fixture.create(["parent": .string(a)], in: "lists")
        let c = try fixture.create(["title": "C"], in: "lists")
        let first = try #require(fixture.lane(b, in: "lists").first)
        let second = try #require(fixture.lane(c, in: "lists").first)
        func isAsked() throws -> [Bool] {
            try fixture.store.read {
                try [
                    $0.queue.hasOthersWaiting(beside: second), $0.queue.hasQueued("lists", .create, after: 0),
                    $0.queue.hasQueued("lists", .create, after: second.sequence - 1),
                ]
            }
        }
        #expect(try isAsked() == [true, true, true])
        try fail(a)
        #expect(try isAsked() == [false, true, true])
        try fixture.delete(c, in: "lists")
        #expect(try isAsked() == [false, false, false])
        #expect(try fixture.store.read { try $0.outbox.inNumbers(reports: 0).pending } == 1)
        let described = try fixture.store.read { try $0.diagnostics()["entries"] }
        #expect(described == ["create blocked": 1, "create failed": 1])
        // What waits for a create that is on its way isn't blocked, and can't be sent yet.
        try fixture.store.write { try $0.decisions.retry(first.sequence - 1) }
        #expect(try isAsked() == [true, false, false])
    }

    @Test("A kind isn't skipped for the sake of a write that waits for an earlier one of its record")
    func queuedBehind() throws {
        let fixture = try StoreFixture()
        try fixture.receive(["id": "a", "title": "A"])
        try fixture.receive(["id": "b", "title": "A"])
        try fixture.update("a", ["title": "B"])
        let sent = try fixture.send("a")
        try fixture.update("a", ["title": "C"])
        func isAsked() throws -> Bool {
            try fixture.store.read { try $0.queue.hasQueued("notes", .update, after: sent.sequence) }
        }
        #expect(try fixture.lane("a").count == 2 && !isAsked())
        try fixture.update("b", ["title": "B"])
        #expect(try isAsked())
    }

    @Test("A store of the third format forgets the states that it stored, and shows the same")
    func storeThirdFormat() throws {
        let queue = try DocumentStorage.inMemory()
        func open() throws -> StoreDatabase {
            try StoreDatabase(over: queue, lock: nil, file: nil, environment: .still, changeLimit: 40)
        }
        let old = try open()
        let (a, b) = try old.write { tx -> (String, String) in
            let a = try tx.writes.create("notes", ["title": "A"])
            let b = try tx.writes.create("notes", ["parent": .string(a)])
            _ = try tx.writes.create("notes", ["title": "C"])
            let create = try #require(tx.outbox.entries(of: "notes", a).first)
            try tx.sending.fail(create.sequence, because: EntryFailure(code: "no", message: "no"))
            return (a, b)
        }
        let expected = try old.read { try $0.outbox.entries() }
        // What that format stored: right for b, left behind for the last one.
        try old.writer.write { db in
            try db.execute(sql: "UPDATE sync_entries SET state = 'blocked' WHERE state = 'queued'")
            // What later formats have added.
            try db.execute(
                sql: """
                    DROP TRIGGER sync_members_files;
                    DROP TRIGGER sync_members_gone;
                    DROP TRIGGER sync_changes_files;
                    DROP INDEX sync_subscriptions_files;
                    ALTER TABLE sync_subscriptions DROP COLUMN files;
                    DROP TABLE sync_kept;
                    DROP TABLE sync_looks;
                    DROP TABLE sync_downloads;
                    DROP TABLE sync_download_counts;
                    DROP TABLE sync_file_sizes;
                    DROP TABLE sync_files;
                    DROP INDEX sync_aliases_file;
                    ALTER TABLE sync_aliases DROP COLUMN file;
                    DROP INDEX sync_aliases_ended;
                    ALTER TABLE sync_aliases DROP COLUMN ended;
                    DROP INDEX sync_entries_holding;
                    UPDATE sync_meta SET value = '3' WHERE key = 'format';
                    """)
        }
        let store = try open()
        #expect(try store.read { try $0.meta("format") } == "\(StoreSchema.format)")
        #expect(try store.read { try $0.outbox.storedCounts() } == [.failed: 1, .queued: 2])
        #expect(try store.read { try $0.outbox.entryCounts() } == [.failed: 1, .blocked: 1, .queued: 1])
        #expect(try store.read { try $0.outbox.entries() } == expected)
        #expect(try store.read { try $0.outbox.entries(state: .blocked).map(\.record) } == [b])
        #expect(try StoreAudit.faults(store) == [])
        try store.write { try $0.decisions.retry(try #require($0.outbox.entries(of: "notes", a).first).sequence) }
        #expect(try store.read { try $0.outbox.entryCounts() } == [.queued: 3])
    }
}
