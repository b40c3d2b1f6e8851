import BkendWire
import GRDB
import Testing

@testable import BkendSync

@Suite("An operation is stored whole or not at all")
struct WholeOperationTests {
    /// A store in which the step that notes what an entry names fails: in the middle of a write.
    private func failing(_ how: String) throws -> (fixture: StoreFixture, parent: String) {
        let fixture = try StoreFixture()
        let parent = try fixture.create(["title": "Parent"])
        try fixture.queue.write {
            try $0.execute(
                sql: "CREATE TRIGGER fail BEFORE INSERT ON sync_edges BEGIN SELECT RAISE(\(how), 'planted'); END")
        }
        return (fixture, parent)
    }

    @Test(
        "A failure that the closure catches in the middle of a write undoes the transaction",
        arguments: ["ABORT", "ROLLBACK"])
    func caught(_ how: String) throws {
        let (fixture, parent) = try failing(how)
        #expect(throws: DatabaseError.self) {
            try fixture.store.write { tx in
                _ = try tx.writes.create("notes", ["title": "Before"])
                _ = try? tx.writes.create("notes", ["parent": .string(parent)])
                _ = try? tx.writes.create("notes", ["title": "After"])
            }
        }
        #expect(try fixture.store.read { try $0.outbox.entryCount() } == 1)
        #expect(try fixture.store.read { try $0.documents.count(in: "notes") } == 1)
        #expect(try fixture.store.read { try $0.outbox.entries().map(\.record) } == [parent])
        try fixture.queue.write { try $0.execute(sql: "DROP TRIGGER fail") }
        let child = try fixture.create(["parent": .string(parent)])
        #expect(try fixture.visible(child)?["parent"] == .string(parent))
        #expect(try StoreAudit.faults(fixture.store) == [])
    }

    @Test("A transaction that SQLite has undone by itself is not taken for stored")
    func undone() throws {
        let fixture = try StoreFixture()
        guard
            case .storage(let words)? = refusal({
                try fixture.store.write { tx in
                    _ = try tx.writes.create("notes", ["title": "Lost"])
                    try tx.db.execute(sql: "ROLLBACK")
                }
            })
        else {
            Issue.record("no error")
            return
        }
        #expect(words.contains("rolled back"))
        #expect(try fixture.store.read { try $0.outbox.entryCount() } == 0)
    }

    @Test("A refusal before anything was changed leaves the transaction going")
    func refused() throws {
        let fixture = try StoreFixture()
        let deep = nested(600)
        try fixture.store.write { tx in
            #expect(refusal { try tx.writes.update("notes", "none", set: ["a": 1]) } == .noSuchRecord)
            #expect(refusal { _ = try tx.writes.create("notes", ["id": "x"]) } == .reservedField)
            #expect(refusal { _ = try tx.writes.create("notes", ["deep": deep]) } == .tooDeep(limit: 511))
            _ = try tx.writes.create("notes", ["title": "Kept"])
        }
        #expect(try fixture.store.read { try $0.outbox.entries().map(\.fields) } == [["title": "Kept"]])
        #expect(try StoreAudit.faults(fixture.store) == [])
    }

    @Test("A dead letter whose retry is refused in the middle is not lost where the closure catches that")
    func retrying() throws {
        let fixture = try StoreFixture()
        let named = try fixture.create(["title": "Named"])
        try fixture.receive(["id": "s1", "title": "S"])
        try fixture.update("s1", ["friend": .string(named)])
        let entry = try #require(try fixture.lane("s1").first)
        // What waits for the record fails with it.
        try fixture.delete(named)
        #expect(try fixture.lane("s1").map(\.state) == [.failed])
        #expect(
            refusal {
                try fixture.store.write { tx in
                    _ = try? tx.decisions.retry(entry.sequence)
                    _ = try? tx.writes.create("notes", ["title": "After"])
                }
            } == .namesDiscardedRecord(named))
        #expect(try fixture.lane("s1").map(\.state) == [.failed])
        #expect(try fixture.store.read { try $0.outbox.entries().map(\.record) } == ["s1"])
        #expect(try StoreAudit.faults(fixture.store) == [])
    }

    // MARK: Depth

    private func nested(_ levels: Int) -> JSON { (0..<levels).reduce(JSON.null) { value, _ in .array([value]) } }

    @Test("A value is refused from 512 levels on, by name; with 511 the store can read all that it keeps")
    func depth() throws {
        let fixture = try StoreFixture()
        let id = try fixture.create(["deep": nested(511)])
        do {
            try fixture.update(id, ["deep": nested(512)])
            Issue.record("stored")
        } catch let error as StoreError {
            #expect(error.reason == .tooDeep(limit: 511) && error.field == "deep" && error.record == id)
            #expect(error.description.contains("511 levels") && !error.description.contains("disk"))
        }
        #expect(try fixture.lane(id).map(\.fields) == [["deep": nested(511)]])
        #expect(try fixture.visible(id)?["deep"] == nested(511))
    }

    @Test("A dead letter can't be edited into something that can't be read again")
    func editing() throws {
        let fixture = try StoreFixture()
        try fixture.receive(["id": "s1", "title": "S"])
        try fixture.update("s1", ["title": "mine"])
        let entry = try fixture.send("s1")
        try fixture.fail(entry)
        let deep = nested(512)
        #expect(
            refusal { try fixture.store.write { try $0.decisions.edit(entry.sequence, set: ["title": deep]) } }
                == .tooDeep(limit: 511))
        #expect(try fixture.store.read { try $0.outbox.entries().map(\.fields) } == [["title": "mine"]])
    }

    @Test("A report leaves out what is nested too deep for it, and names it")
    func reporting() throws {
        let fixture = try StoreFixture()
        let (deep, deeper) = (nested(511), nested(512))
        try fixture.store.write { tx in
            try tx.reports.add(
                "deleteConflict", "notes", "s1", detail: ["theirs": ["deep": deep, "title": "T"], "kept": "mine"])
            try tx.reports.add("conflict", "notes", "s1", detail: ["mine": deep, "sent": deeper])
        }
        let details = try fixture.store.read { try $0.reports.all().map(\.detail) }
        #expect(details.first == ["theirs": ["title": "T"], "kept": "mine", "leftOut": ["theirs/deep"]])
        #expect(details.last == ["mine": deep, "leftOut": ["sent"]])
    }
}
