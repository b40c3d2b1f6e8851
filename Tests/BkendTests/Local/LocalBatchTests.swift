import BkendSync
import Testing

@testable import Bkend

@Suite(.timeLimit(.minutes(10))) struct LocalBatchTests {
    @Test("All matching records are changed in one transaction, each a write of its own")
    func update() async throws {
        let fixture = try LocalFixture()
        let books = fixture.books
        try await books.createAll([Book(title: "A", pages: 1), Book(title: "B", pages: 2), Book(title: "C", pages: 3)])
        let result = try await books.where { $0.pages >= 2 }.order(by: \.title).updateAll { $0.tags = ["long"] }
        #expect(result.isComplete && result.done.count == 2 && result.error == nil)
        let long = try await books.where { $0.tags.contains("long") }.order(by: \.title).fetch()
        #expect(long.map(\.title) == ["B", "C"])
        // Three creates and two updates.
        #expect(try await fixture.store.outbox.entries().count == 5)
    }

    @Test("A limit leaves the rest, in the query's order")
    func limit() async throws {
        let fixture = try LocalFixture()
        let books = fixture.books
        try await books.createAll((1...5).map { Book(title: "Volume", pages: $0) })
        let first = try await books.order(by: \.pages).deleteAll(limit: 2)
        #expect(first.done.count == 2 && first.hasMore && !first.isComplete)
        #expect(try await books.order(by: \.pages).fetch().map(\.pages) == [3, 4, 5])
        // A limit of the query's own is what was asked for.
        let own = try await books.order(by: \.pages).limit(1).deleteAll(limit: 2)
        #expect(own.done.count == 1 && own.isComplete)
        let skipping = try await books.order(by: \.pages).offset(1).deleteAll(limit: 1)
        #expect(skipping.isComplete && skipping.done.count == 1)
        #expect(try await books.fetch().map(\.pages) == [4])
    }

    @Test("Records that don't fit the model stay and are named; deleting them needs no model")
    func undecodable() async throws {
        let fixture = try LocalFixture()
        let odd = try await fixture.store.table("books").create(["title": 7])
        try await fixture.books.create(Book(title: "Emma"))
        let result = try await fixture.books.updateAll { $0.pages = 1 }
        #expect(result.done.count == 1 && result.failed.map { $0.id } == [odd.id] && !result.isComplete)
        guard case .notDecodable = result.failed.first?.error.reason else {
            Issue.record("\(result)")
            return
        }
        #expect(try await fixture.books.deleteAll().done.count == 2)
        #expect(try await fixture.store.table("books").count() == 0)
    }

    @Test("What can't be stored undoes all of it, and limits and parts of records are refused")
    func refused() async throws {
        let fixture = try LocalFixture()
        let books = fixture.books
        try await books.createAll([Book(title: "A"), Book(title: "B")])
        let reason = await refusal {
            _ = try await books.order(by: \.title).updateAll { $0.price = $0.title == "A" ? 1 : .nan }
        }
        guard case .notEncodable = reason else {
            Issue.record("\(String(describing: reason))")
            return
        }
        #expect(try await books.where { $0.price.exists }.count() == 0)
        for limit in [0, 10_001] {
            let reason = await refusal { _ = try await books.deleteAll(limit: limit) }
            guard case .invalidQuery = reason else {
                Issue.record("\(limit)")
                return
            }
        }
        let part = await refusal { _ = try await books.select(Book.self).updateAll { $0.pages = 1 } }
        guard case .invalidQuery = part else {
            Issue.record("\(String(describing: part))")
            return
        }
        #expect(try await books.count() == 2)
    }
}

@Suite(.timeLimit(.minutes(10))) struct LocalUpsertTests {
    @Test("A record with the same value is changed, or else created")
    func upsert() async throws {
        let fixture = try LocalFixture()
        let created = try await fixture.books.upsert(Book(title: "Emma", isbn: "1"), by: \.isbn)
        let changed = try await fixture.books.upsert(Book(title: "Emma", pages: 400, isbn: "1"), by: \.isbn)
        #expect(changed.id == created.id && changed.pages == 400)
        let both = try await fixture.books.upsert(Book(title: "Dune", isbn: "1"), by: \.isbn, \.title)
        #expect(both.id != created.id)
        #expect(try await fixture.books.count() == 2)
    }

    @Test("Of several records the one created first is changed, under whichever id")
    func several() async throws {
        let fixture = try LocalFixture()
        let first = try await fixture.books.create(Book(title: "Old", isbn: "1"))
        try await fixture.confirmCreate(first.id, as: "s1")
        try await fixture.books.create(Book(title: "New", isbn: "1"))
        let changed = try await fixture.books.upsert(Book(title: "Changed", isbn: "1"), by: \.isbn)
        #expect(changed.id == "s1")
    }

    @Test("A model without a value to look for is refused: it would change any record without one")
    func withoutValue() async throws {
        let fixture = try LocalFixture()
        try await fixture.books.create(Book(title: "Emma"))
        for reason in [
            await refusal { try await fixture.books.upsert(Book(title: "Dune"), by: \.isbn) },
            await refusal { try await fixture.books.upsert(Book(title: "Dune"), by: \.tags) },
            await refusal { try await fixture.books.upsert(Book(title: "Dune"), by: \.createdBy) },
        ] {
            guard case .invalidRecord(let flaw) = reason else {
                Issue.record("\(String(describing: reason))")
                continue
            }
            #expect(flaw.contains("upsert"))
        }
        #expect(try await fixture.books.count() == 1)
    }
}
