import BkendDocuments
import BkendWire
import GRDB
import Testing

@testable import BkendSync

/// The counts that triggers keep, against those that are counted.
@Suite struct OutboxCountsTests {
    private static func counted(_ store: StoreDatabase) throws -> [OutboxEntry.State: Int] {
        try store.read { snapshot in
            Dictionary(grouping: try snapshot.outbox.entries(), by: \.state).mapValues(\.count)
        }
    }

    @Test("Whatever happens to entries, the counts are theirs")
    func whateverHappensEntries() throws {
        let fixture = try StoreFixture()
        let store = fixture.store
        func check() throws {
            #expect(try store.read { try $0.outbox.entryCounts() } == Self.counted(store))
            #expect(
                try store.read { try $0.outbox.entryCount(of: "notes") }
                    == store.read { try $0.outbox.entries(table: "notes").count })
        }
        let first = try fixture.create(["title": "a"])
        let second = try fixture.create(["title": "b", "list": .string(first)])
        _ = try fixture.create(["title": "c"], in: "lists")
        try check()
        #expect(try store.read { try $0.outbox.tablesWithEntries() } == ["lists", "notes"])
        try fixture.fail(try #require(fixture.lane(first).first))
        try check()
        #expect(try store.read { try $0.outbox.entryCounts() } == [.failed: 1, .blocked: 1, .queued: 1])
        #expect(try store.read { try $0.queue.tablesWithEntriesToSend() } == ["lists"])
        try store.write {
            try $0.decisions.retry(try #require(try $0.outbox.entries(of: "notes", first).first).sequence)
        }
        try check()
        try fixture.adopt(first, as: "s1")
        try check()
        try fixture.delete(second)
        try check()
        try store.write { try $0.ownership.wipe(losing: true) }
        try check()
        #expect(try store.read { try $0.outbox.entryCounts().isEmpty })
    }

    @Test("A transaction that is undone leaves the counts as they were")
    func transactionUndoneLeaves() throws {
        struct Undone: Error {}
        let fixture = try StoreFixture()
        _ = try fixture.create(["title": "a"])
        #expect(throws: Undone.self) {
            try fixture.store.write {
                _ = try $0.writes.create("notes", ["title": "b"])
                throw Undone()
            }
        }
        #expect(try fixture.store.read { try $0.outbox.entryCounts() } == [.queued: 1])
    }

    @Test("A store of the first format keeps its entries and counts them")
    func storeFirstFormat() throws {
        let queue = try DocumentStorage.inMemory()
        let first = Array(StoreSchema.migrations.prefix(1))
        func open(_ migrations: [String]) throws -> StoreDatabase {
            try StoreDatabase(
                over: queue, lock: nil, file: nil, environment: .still, changeLimit: 40, migrations: migrations)
        }
        let old = try open(first)
        // What the first format wrote: this version's own writes need the counts.
        try old.writer.write { db in
            for number in 0..<3 {
                try db.execute(
                    sql: """
                        INSERT INTO sync_entries
                        (user, collection, record, kind, fields, before, state, made_at, changed_at)
                        VALUES ('', 'notes', ?, 'update', '{}', '{}', ?, 0, 0)
                        """, arguments: ["r\(number)", number == 0 ? "failed" : "queued"])
            }
        }
        let store = try open(StoreSchema.migrations)
        #expect(try store.read { try $0.outbox.entryCounts() } == [.queued: 2, .failed: 1])
        #expect(try store.read { try $0.outbox.entries(state: .failed).map(\.record) } == ["r0"])
        #expect(try Self.counted(store) == [.queued: 2, .failed: 1])
    }
}
