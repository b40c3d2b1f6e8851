import BkendSync
import Foundation
import Synchronization
import Testing

@testable import Bkend

@Suite(.timeLimit(.minutes(10))) struct LocalTableTests {
    @Test("A created record is there at once, pending, and its create waits in the outbox")
    func creating() async throws {
        let fixture = try LocalFixture()
        let book = try await fixture.books.create(Book(title: "Dune", tags: ["sf"]))
        #expect(book.title == "Dune" && book.tags == ["sf"] && book.syncState == .pending && !book.id.isEmpty)
        #expect(try await fixture.books.get(book.id) == book)
        let entries = try await fixture.store.outbox.entries()
        #expect(entries.map(\.kind) == [.create])
        #expect(entries[0].fields["title"] == "Dune" && entries[0].fields["id"] == nil)
        #expect(try await fixture.books.get("none") == nil)
        let many = try await fixture.books.createAll([Book(title: "One"), Book(title: "Two")])
        #expect(many.map(\.title) == ["One", "Two"])
        #expect(try await fixture.books.count() == 3)
    }

    @Test("An update by closure queues the top-level fields that it changed, with what they were")
    func updating() async throws {
        let fixture = try LocalFixture()
        try await fixture.receive(recordText("s1", #""title":"Dune","pages":400,"shelf":"A3""#))
        let updated = try await fixture.books.update("s1") {
            $0.title = "Dune Messiah"
            $0.pages = nil
        }
        #expect(updated.title == "Dune Messiah" && updated.pages == nil && updated.syncState == .pending)
        #expect(updated.json["shelf"] == "A3")
        let entry = try #require(try await fixture.store.outbox.entries().first)
        #expect(entry.fields == ["title": "Dune Messiah", "pages": .null])
        #expect(entry.before == ["title": "Dune", "pages": 400])
        let same = try await fixture.books.update(updated) { $0.title = "Dune Messiah" }
        #expect(same == updated)
        #expect(try await fixture.store.outbox.entries().count == 1)
    }

    @Test("Updates by closure that meet lose nothing")
    func meeting() async throws {
        let fixture = try LocalFixture()
        let id = try await fixture.books.create(Book(title: "Counter", pages: 0)).id
        await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<20 {
                group.addTask { try await fixture.books.update(id) { $0.pages = ($0.pages ?? 0) + 1 } }
            }
        }
        #expect(try await fixture.books.get(id)?.pages == 20)
    }

    @MainActor @Test("The closure of an update runs where the caller is")
    func isolation() async throws {
        let fixture = try LocalFixture()
        let id = try await fixture.books.create(Book(title: "Dune")).id
        var titles = ["Here"]
        try await fixture.books.update(id) { $0.title = titles.removeFirst() }
        #expect(try await fixture.books.get(id)?.title == "Here")
    }

    @Test("Fields are set by name and by assignment; what has no JSON form, or isn't at the top level, is refused")
    func fields() async throws {
        let fixture = try LocalFixture()
        let id = try await fixture.books.create(Book(title: "Dune", pages: 1)).id
        try await fixture.books.update(id, set: { [$0.title.set("Set"), $0.pages.set(nil)] })
        #expect(try await fixture.books.update(id, fields: ["isbn": "123"]).isbn == "123")
        #expect(try await fixture.books.get(id)?.json["pages"] == .null)
        let failures = [
            await refusal { _ = try await fixture.books.update(id, fields: ["price": .double(.nan)]) },
            await refusal { _ = try await fixture.books.update(id, set: { _ in [Field<Int>("a.b").set(1)] }) },
            await refusal { _ = try await fixture.books.create(Book(title: "", price: .infinity)) },
        ]
        for failure in failures {
            guard case .notEncodable? = failure else {
                Issue.record("\(String(describing: failure))")
                continue
            }
        }
        #expect(await refusal { _ = try await fixture.books.update(id, fields: ["createdBy": "x"]) } == .reservedField)
        #expect(await refusal { _ = try await fixture.books.update("none") { $0.title = "" } } == .noSuchRecord)
    }

    @Test("A deleted record is gone; one that the server has goes with a delete in the outbox")
    func deleting() async throws {
        let fixture = try LocalFixture()
        let draft = try await fixture.books.create(Book(title: "Draft"))
        try await fixture.books.delete(draft)
        #expect(try await fixture.store.outbox.entries().isEmpty)
        try await fixture.receive(recordText("s1"))
        try await fixture.books.delete("s1")
        #expect(try await fixture.books.count() == 0)
        #expect(try await fixture.store.outbox.entries().map(\.kind) == [.delete])
        #expect(await refusal { try await fixture.books.delete("s1") } == .noSuchRecord)
    }

    @Test("A transaction is kept whole or not at all, and sees what it has written")
    func transactions() async throws {
        let fixture = try LocalFixture()
        struct Stop: Error {}
        await #expect(throws: Stop.self) {
            try await fixture.store.write { store in
                try store.table(Book.self).create(Book(title: "Lost"))
                throw Stop()
            }
        }
        #expect(try await fixture.books.count() == 0)
        let (author, book) = try await fixture.store.write { try Self.writeTwo($0) }
        #expect(book?.extra == .string(author) && book?.pages == 412 && book?.isbn == "1")
        try await fixture.store.write { try $0.table("authors").delete(author) }
        #expect(try await fixture.store.table("authors").count() == 0)
    }

    private static func writeTwo(_ store: LocalTransaction) throws -> (author: String, book: Record<Book>?) {
        let books = store.table(Book.self)
        let author = try store.table("authors").create(["name": "Frank"])
        let book = try books.create(Book(title: "Dune", extra: .string(author.id)))
        try books.update(book.id) { $0.pages = 412 }
        #expect(try books.where { $0.pages > 400 }.fetch().map(\.title) == ["Dune"])
        #expect(try books.where { !($0.pages > 400) }.first() == nil && books.count() == 1)
        let byTitle = Book.where { $0.pages > 1 }.order(by: \.title, .descending)
        #expect(try books.matching(byTitle).limit(1).fetch().map(\.id) == [book.id])
        try books.update(book.id, set: { [$0.isbn.set("1")] })
        return (author.id, try books.get(book.id))
    }

    @Test("What leaves a transaction's closure is of no use")
    func escaping() async throws {
        let fixture = try LocalFixture()
        let escaped = Mutex<(@Sendable () throws -> Void)?>(nil)
        try await fixture.store.write { store in
            nonisolated(unsafe) let table = store.table(Book.self)  // taken out on purpose
            escaped.withLock { $0 = { try table.create(Book(title: "Late")) } }
        }
        #expect(throws: StoreError(.transactionIsOver)) { try escaped.withLock { $0 }?() }
        #expect(try await fixture.books.count() == 0)
    }

    @Test("A local id stays good after the server gave the record another one")
    func aliases() async throws {
        let fixture = try LocalFixture()
        let draft = try await fixture.books.create(Book(title: "Dune"))
        #expect(draft.localID == draft.id)
        var live = fixture.books.live().makeAsyncIterator()
        #expect(await live.next()?.records.map(\.localID) == [draft.id])
        try await fixture.confirmCreate(draft.id, as: "s1")
        #expect(try await fixture.books.get(draft.id)?.id == "s1")
        // Lists on a screen go by the id that stays.
        #expect(try await fixture.books.get("s1")?.localID == draft.id)
        #expect(try await fixture.books.fetch().map(\.localID) == [draft.id])
        while let snapshot = await live.next(), snapshot.records.map(\.id) != ["s1"] {}
        #expect(try await fixture.books.get("s1")?.localID == draft.id)
        try await fixture.receive(recordText("s2"))
        #expect(await live.next()?.records.map(\.localID).sorted() == ["s2", draft.id].sorted())
        try await fixture.books.delete("s2")
        try await fixture.books.update(draft.id) { $0.pages = 1 }
        #expect(try await fixture.books.where { $0.id == draft.id }.first()?.pages == 1)
        try await fixture.books.delete(draft.id)
        #expect(try await fixture.books.count() == 0)
    }
}
