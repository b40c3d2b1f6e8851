import BkendSync
import Testing

@testable import Bkend

@Suite(.timeLimit(.minutes(10))) struct LiveQueryTests {
    @Test("The first snapshot comes at once; then one for each change, told against the one before")
    func snapshots() async throws {
        let fixture = try LocalFixture()
        let emma = try await fixture.books.create(Book(title: "Emma"))
        let live = fixture.books.order(by: \.title).live()
        var iterator = live.makeAsyncIterator()
        let first = try #require(await iterator.next())
        #expect(first.records.map(\.title) == ["Emma"] && first.pending == 1 && first.failed == 0)
        #expect(first.changes.inserted == [.init(id: emma.id, index: 0)])
        #expect(first.completeness == .partial && first.error == nil)

        let dune = try await fixture.books.create(Book(title: "Dune"))
        let second = try #require(await iterator.next())
        #expect(second.records.map(\.title) == ["Dune", "Emma"])
        #expect(second.changes == SnapshotChanges(inserted: [.init(id: dune.id, index: 0)]))

        try await fixture.books.update(dune.id) { $0.title = "Zen" }
        let third = try #require(await iterator.next())
        #expect(third.records.map(\.title) == ["Emma", "Zen"])
        #expect(third.changes.updated == [.init(id: dune.id, index: 1, formerly: nil)])
        #expect(third.changes.moved.count == 1 && third.changes.inserted.isEmpty && third.changes.deleted.isEmpty)

        try await fixture.books.delete(emma)
        let fourth = try #require(await iterator.next())
        #expect(fourth.changes == SnapshotChanges(deleted: [.init(id: emma.id, index: 0)]))

        try await fixture.reject(dune.id)
        let fifth = try #require(await iterator.next())
        #expect(fifth.failed == 1 && fifth.pending == 0 && fifth.changes.updated.map(\.id) == [dune.id])
    }

    @Test("A local id that becomes the server's is one snapshot, told as an update")
    func rename() async throws {
        let fixture = try LocalFixture()
        let draft = try await fixture.books.create(Book(title: "Dune"))
        try await fixture.books.create(Book(title: "Emma"))
        var iterator = fixture.books.order(by: \.title).live().makeAsyncIterator()
        #expect(await iterator.next()?.records.count == 2)
        try await fixture.confirmCreate(draft.id, as: "s1")
        let renamed = try #require(await iterator.next())
        #expect(renamed.records.map(\.id).first == "s1" && renamed.records.count == 2 && renamed.pending == 1)
        #expect(renamed.changes == SnapshotChanges(updated: [.init(id: "s1", index: 0, formerly: draft.id)]))
        try await fixture.books.create(Book(title: "Ubik"))
        #expect(await iterator.next()?.changes.inserted.count == 1)
    }

    @Test("A query that names a local id goes on when the server renames that record")
    func renamedOperand() async throws {
        let fixture = try LocalFixture()
        let list = try await fixture.store.table("lists").create(["name": "Groceries"])
        let items = fixture.store.table("items")
        try await items.create(["list": .string(list.id), "name": "Milk"])
        var iterator = items.where { $0.list == .string(list.id) }.live().makeAsyncIterator()
        #expect(await iterator.next()?.records.count == 1)
        try await fixture.confirmCreate(list.id, as: "s1", table: "lists")
        // The item names the list by its new id now.
        #expect(await iterator.next()?.records.map { $0["list"] } == ["s1"])
        try await items.create(["list": "s1", "name": "Bread"])
        #expect(await iterator.next()?.records.count == 2)
        try await items.create(["list": .string(list.id), "name": "Salt"])
        #expect(await iterator.next()?.records.count == 3)
    }

    @Test("A reader who is slow gets the newest, with the changes since its last one")
    func slowReader() async throws {
        let fixture = try LocalFixture()
        var iterator = fixture.books.order(by: \.title).live().makeAsyncIterator()
        #expect(await iterator.next()?.records.isEmpty == true)
        var drafts: [Record<Book>] = []
        for title in ["A", "B", "C"] { drafts.append(try await fixture.books.create(Book(title: title))) }
        try await fixture.confirmCreate(drafts[0].id, as: "s1")
        // Another reader sees when all of it can be seen.
        for await snapshot in fixture.books.where({ $0.id == "s1" }).live() where !snapshot.records.isEmpty { break }
        var seen = 0
        var snapshots = 0
        while seen < 3, let snapshot = await iterator.next() {
            snapshots += 1
            seen = snapshot.records.count
            if seen == 3, snapshots == 1 {
                #expect(snapshot.changes.inserted.map(\.id) == snapshot.records.map(\.id))
            }
        }
        #expect(seen == 3 && snapshots <= 3)
    }

    @Test("Every snapshot's changes lead from the one before to it, whatever is written meanwhile")
    func replay() async throws {
        let fixture = try LocalFixture()
        try await fixture.allowFolding()
        let reader = Task {
            var ids: [String] = []
            for await snapshot in fixture.books.order(by: \.pages).limit(8).live() {
                ids = snapshot.changes.applied(to: ids, now: snapshot.records.map(\.id))
                #expect(ids == snapshot.records.map(\.id))
                if snapshot.records.first?.title == "end" { return true }
            }
            return false
        }
        var random = SplitMix(state: 7)
        var ids: [String] = []
        for round in 0..<150 {
            switch random.next() % 4 {
            case 0: ids.append(try await fixture.books.create(Book(title: "t", pages: Int(random.next() % 50))).id)
            case 1 where !ids.isEmpty:
                let id = ids[Int(random.next() % UInt64(ids.count))]
                let pages = Int(random.next() % 50)
                try await fixture.books.update(id) { $0.pages = pages }
            case 2 where ids.count > 6:
                try await fixture.books.delete(ids.remove(at: Int(random.next() % UInt64(ids.count))))
            default:
                let record = ids.last
                if let record, try await fixture.store.outbox.entries(of: record, table: "books").first?.kind == .create
                {
                    try await fixture.confirmCreate(record, as: "s\(round)")
                }
            }
        }
        try await fixture.books.create(Book(title: "end", pages: -1))
        #expect(await reader.value)
    }

    @Test("A subscription that becomes complete is told without a change of records")
    func completeness() async throws {
        let fixture = try LocalFixture()
        let number = try await fixture.core.write { try $0.subscribing.subscribe("books") }
        var iterator = fixture.books.live().makeAsyncIterator()
        #expect(await iterator.next()?.completeness == .partial)
        try await fixture.core.write { try $0.subscriptions.setProgress(PullProgress(["filled": true]), of: number) }
        let complete = try #require(await iterator.next())
        #expect(complete.completeness == .complete && complete.changes.isEmpty)
    }

    @Test("What is wrong stands in the snapshot: a query that can't run, records that don't fit")
    func errors() async throws {
        let fixture = try LocalFixture()
        try await fixture.receive(recordText("s1", #""title":1"#), recordText("s2"))
        var pattern = fixture.books.where { $0.title.matches("(") }.live().makeAsyncIterator()
        #expect(await pattern.next()?.error != nil)
        var number = fixture.books.where { $0.price == .nan }.live().makeAsyncIterator()
        #expect(await number.next()?.error?.field == "price")
        #expect(await number.next() == nil)
        var odd = fixture.books.live().makeAsyncIterator()
        let snapshot = try #require(await odd.next())
        #expect(snapshot.undecodable.map(\.id) == ["s1"] && snapshot.records.map(\.id) == ["s2"])
        try await fixture.receive(recordText("s1", #""title":"Mended""#).replacing("2025-01-09", with: "2025-01-10"))
        let mended = try #require(await odd.next())
        #expect(mended.undecodable.isEmpty && mended.records.count == 2 && mended.changes.inserted.count == 1)
    }

    @Test("Ending the loop, the task or the store ends the observation and frees it")
    func endings() async throws {
        let fixture = try LocalFixture()
        for await _ in fixture.books.live() { break }
        #expect(fixture.feed.observerCount == 0)
        let task = Task {
            for await _ in fixture.books.live() {}
            return true
        }
        while fixture.feed.observerCount == 0 { await Task.yield() }
        task.cancel()
        #expect(await task.value)
        #expect(fixture.feed.observerCount == 0)
        var iterator = fixture.books.live().makeAsyncIterator()
        #expect(await iterator.next() != nil)
        await fixture.store.close()
        #expect(await iterator.next() == nil)
        for await _ in fixture.books.live() { Issue.record("the store is closed") }
    }
}

extension SnapshotChanges {
    /// The list that the changes make of another one: what their documentation promises.
    func applied(to old: [String], now: [String]) -> [String] {
        var list = old
        let leaving = deleted.map(\.index) + moved.map(\.from)
        for index in leaving.sorted(by: >) { list.remove(at: index) }
        for update in updated {
            if let formerly = update.formerly, let index = list.firstIndex(of: formerly) { list[index] = update.id }
        }
        let entering = inserted.map { ($0.index, $0.id) } + moved.map { ($0.to, $0.id) }
        for (index, id) in entering.sorted(by: { $0.0 < $1.0 }) { list.insert(id, at: min(index, list.count)) }
        return list
    }
}

struct SplitMix: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}
