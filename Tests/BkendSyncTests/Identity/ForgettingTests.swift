import BkendDocuments
import BkendWire
import Testing

@testable import BkendSync

/// Ids of records that are gone: the newest stay, and whatever is still needed.
@Suite struct ForgettingTests {
    private let fixture: StoreFixture

    init() throws {
        fixture = try StoreFixture()
        try fixture.allowFolding()
    }

    /// Makes and discards so many records that the server never has.
    private func discard(_ count: Int) throws -> [String] {
        try fixture.store.write { tx in
            try (0..<count).map { _ in
                let id = try tx.writes.create("notes", ["title": "A"])
                try tx.writes.delete("notes", id)
                return id
            }
        }
    }

    /// Makes a record, has the server store it under an id, and has it deleted there. A subscription's filter may name it
    /// from the start.
    private func deleted(as id: String, isNamed: Bool = false, _ tx: StoreTransaction) throws -> String {
        let local = try tx.writes.create("notes", ["title": "A"])
        if isNamed {
            let filter = try RESTFilter(allOf: [Condition("note", .equals(.string(local)))])
            _ = try tx.subscribing.subscribe("comments", to: filter)
        }
        let create = try #require(tx.outbox.entries(of: "notes", local).first)
        try tx.adopting.adopt(create.sequence, row: row(id))
        try tx.writes.delete("notes", id)
        let delete = try #require(tx.outbox.entries(of: "notes", id).first)
        #expect(try tx.answers.completeDelete(delete.sequence))
        return local
    }

    private func row(_ id: String) -> [UInt8] {
        JSON.object(["id": .string(id), "title": "A", "createdBy": "", "updatedAt": "2030-01-01T00:00:00.000Z"])
            .serialized()
    }

    private func ids() throws -> [String] { try fixture.store.read { try $0.aliases.all().map(\.localID) } }

    @Test("Of records that were discarded, the newest two thousand are remembered")
    func discarded() throws {
        let waiting = try fixture.create(["title": "waits"])
        let gone = try discard(2_201)
        let left = try ids()
        #expect(left == [waiting] + gone.suffix(2_000))
        // The next id is none that was given before.
        let next = try fixture.create(["title": "B"])
        #expect(next > (gone.max() ?? ""))
        #expect(throws: StoreError.self) { try fixture.create(["parent": .string(gone[2_200])]) }
    }

    @Test("So are those that were deleted on the server; a record that is there keeps its ids")
    func deletedRecords() throws {
        let kept = try fixture.create(["title": "stays"])
        try fixture.store.write { tx in
            let create = try #require(tx.outbox.entries(of: "notes", kept).first)
            try tx.adopting.adopt(create.sequence, row: row("kept"))
        }
        let gone = try fixture.store.write { tx in try (0..<2_201).map { try deleted(as: "s\($0)", tx) } }
        #expect(try ids() == [kept] + gone.suffix(2_000))
        #expect(try fixture.visible(kept)?["title"] == "A")
    }

    @Test("Others' deletions count where the whole table is subscribed to", arguments: [true, false])
    func deletedElsewhere(isWhole: Bool) throws {
        let filter = try isWhole ? RESTFilter() : RESTFilter(allOf: [Condition("title", .equals("A"))])
        let gone = try fixture.store.write { tx in
            let number = try tx.subscribing.subscribe("notes", to: filter)
            return try (0..<2_201).map { index in
                let local = try tx.writes.create("notes", ["title": "A"])
                let create = try #require(tx.outbox.entries(of: "notes", local).first)
                try tx.adopting.adopt(create.sequence, row: row("s\(index)"))
                try tx.members.lose(number, ["s\(index)"])
                try tx.forgetting.left(number, ["s\(index)"])
                try tx.holding.dropUnheld()
                return local
            }
        }
        #expect(try ids() == Array(gone.suffix(isWhole ? 2_000 : 2_201)))
    }

    @Test("A record that is back keeps its ids, and so does what a subscription's filter or a dead letter may name")
    func needed() throws {
        let (back, named) = try fixture.store.write { tx in
            let ids = (try deleted(as: "back", tx), try deleted(as: "named", isNamed: true, tx))
            _ = try tx.receiving.receive([row("back")], table: "notes", isFresh: true)
            return ids
        }
        let parent = try fixture.create(["title": "A"])
        let child = try fixture.create(["parent": .string(parent)])
        try fixture.delete(parent)
        #expect(try fixture.lane(child)[0].state == .failed)
        _ = try discard(2_400)
        #expect(try ids().count == 2_404)
        _ = try fixture.store.write { tx in
            try tx.decisions.discard(try #require(tx.outbox.entries(of: "notes", child).first).sequence)
        }
        _ = try discard(400)
        let left = try ids()
        #expect(left.contains(back) && left.contains(named) && !left.contains(parent))
        #expect(left.count == 2_201)
        #expect(try fixture.visible(back)?["id"] == "back")
    }

    @Test("A store of the fourth format counts what it has discarded")
    func storeOfFourthFormat() throws {
        let queue = try DocumentStorage.inMemory()
        func open(_ migrations: [String]) throws -> StoreDatabase {
            try StoreDatabase(
                over: queue, lock: nil, file: nil, environment: .still, changeLimit: 40, migrations: migrations)
        }
        // The code of today needs its column: what that format held is written by hand.
        _ = try open(Array(StoreSchema.migrations.prefix(4)))
        try queue.write { db in
            try db.execute(
                sql: """
                    INSERT INTO sync_aliases (local_id, collection, user, state)
                    VALUES ('~1', 'notes', '', 'cancelled'), ('~2', 'notes', '', 'completed')
                    """)
        }
        let store = try open(StoreSchema.migrations)
        #expect(try store.write { try $0.aliases.ended(upTo: 10, limit: 10).map(\.localID) } == ["~1"])
    }
}
