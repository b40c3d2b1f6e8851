import BkendSync
import Testing

@testable import Bkend

@Suite(.timeLimit(.minutes(10))) struct OutboxTests {
    @Test("A dead letter says why and what to do; mended and retried it goes on")
    func deadLetters() async throws {
        let fixture = try LocalFixture()
        let outbox = fixture.store.outbox
        let bad = try await fixture.books.create(Book(title: ""))
        try await fixture.reject(bad.id)
        let letter = try #require(try await outbox.deadLetters().first)
        #expect(letter.record == bad.id && letter.failure?.message == "title is too short" && letter.attempts == 1)
        #expect(letter.advice?.contains("edit the fields") == true)
        try await outbox.edit(letter.id, set: ["title": "Long enough"], removing: ["status"])
        try await outbox.retry(letter.id)
        let entry = try #require(try await outbox.entry(letter.id))
        #expect(entry.state == .queued && entry.fields["title"] == "Long enough" && entry.fields["status"] == nil)
        #expect(try await fixture.books.get(bad.id)?.title == "Long enough")
        #expect(await refusal { try await outbox.retry(letter.id) } == .wrongState(letter.id, .queued))
        #expect(await refusal { try await outbox.retry(99) } == .noSuchEntry(99))
        let nan = await refusal { try await outbox.edit(letter.id, set: ["price": .double(.nan)]) }
        if case .notEncodable? = nan {} else { Issue.record("\(String(describing: nan))") }
    }

    @Test("Discarding tells what goes with the entry and what fails; rehearsing changes nothing")
    func discarding() async throws {
        let fixture = try LocalFixture()
        let outbox = fixture.store.outbox
        let list = try await fixture.store.table("lists").create(["name": "Groceries"])
        try await fixture.store.table("lists").update(list.id, fields: ["name": "Food"])
        let item = try await fixture.store.table("items").create(["list": .string(list.id)])
        let create = try #require(try await outbox.entries(of: list.id, table: "lists").first)

        let rehearsed = try await outbox.consequences(ofDiscarding: create.id)
        #expect(rehearsed.discarded.allSatisfy { $0.record == list.id } && rehearsed.failed.map(\.record) == [item.id])
        #expect(try await fixture.store.table("lists").count() == 1)
        #expect(try await outbox.deadLetters().isEmpty)

        let outcome = try await outbox.discard(create.id)
        #expect(outcome == rehearsed)
        #expect(outcome.failed.first?.failure?.code == EntryFailure.dependencyDiscarded)
        #expect(outcome.failed.first?.advice?.contains("discarded record") == true)
        #expect(try await fixture.store.table("lists").count() == 0)
        #expect(try await outbox.entries(in: .failed).map(\.record) == [item.id])
    }

    @Test("The stream tells each change in the outbox, and nothing else")
    func changes() async throws {
        let fixture = try LocalFixture()
        var iterator = fixture.store.outbox.changes.makeAsyncIterator()
        #expect(try await iterator.next()?.total == 0)
        let draft = try await fixture.books.create(Book(title: "Dune"))
        #expect(try await iterator.next()?.queued == 1)
        // A page from the server is no change of the outbox.
        try await fixture.receive(recordText("s9"))
        try await fixture.reject(draft.id)
        var counts = try #require(try await iterator.next())
        while counts.failed == 0 { counts = try #require(try await iterator.next()) }
        #expect(counts.queued == 0 && counts.total == 1)
        let number = try await fixture.core.write {
            try $0.reports.add("conflict", "books", "s9", detail: ["field": "title"])
        }
        #expect(try await iterator.next()?.reports == 1)
        let reports = try await fixture.store.outbox.reports()
        #expect(reports.map(\.kind) == ["conflict"] && reports.first?.detail == ["field": "title"])
        try await fixture.store.outbox.acknowledge(number)
        #expect(try await iterator.next()?.reports == 0)
        await fixture.store.close()
        #expect(try await iterator.next() == nil)
    }
}
