import BkendSync
import Testing

@testable import Bkend

@Suite(.timeLimit(.minutes(10))) struct ConfirmedTests {
    @Test("A record is confirmed when the server has all its writes, under the id that the server gave it")
    func confirmed() async throws {
        let fixture = try LocalFixture()
        let draft = try await fixture.books.create(Book(title: "Dune"))
        async let word = draft.confirmed()
        try await fixture.books.create(Book(title: "Other"))
        try await fixture.confirmCreate(draft.id, as: "s1")
        let record = try await word
        #expect(record.id == "s1" && record.syncState == .synced && record.title == "Dune")
        // Asked again, by the old record too, it says so at once.
        #expect(try await draft.confirmed().id == "s1")
        #expect(try await record.confirmed() == record)
    }

    @Test("A rejected record throws the server's reason, a discarded one that it is gone")
    func failures() async throws {
        let fixture = try LocalFixture()
        let draft = try await fixture.books.create(Book(title: ""))
        let word = Task { try await draft.confirmed() }
        try await fixture.reject(draft.id)
        let expected = EntryFailure(code: "data/validation-error", message: "title is too short", status: 400)
        let reason = await refusal { _ = try await word.value }
        #expect(reason == .rejected(expected))
        #expect(try await fixture.books.get(draft.id)?.syncState == .failed(expected))

        let second = try await fixture.books.create(Book(title: "Second"))
        let other = Task { try await second.confirmed() }
        try await fixture.books.delete(second)
        #expect(await refusal { _ = try await other.value } == .discarded)
    }

    @Test("Waiting ends with the task, and with the store")
    func endings() async throws {
        let fixture = try LocalFixture()
        let draft = try await fixture.books.create(Book(title: "Dune"))
        let task = Task { try await draft.confirmed() }
        task.cancel()
        #expect(await refusal { _ = try await task.value } == .cancelled)
        let word = Task { try await draft.confirmed() }
        await fixture.store.close()
        #expect(await refusal { _ = try await word.value } == .closed)
        #expect(await refusal { _ = try await fixture.books.count() } == .closed)
    }

    @Test("A record from the server is confirmed already")
    func online() async throws {
        let record = try Record<Book>(json: JSON(parsing: recordText()).objectValue ?? [:])
        #expect(try await record.confirmed() == record && record.syncState == .synced)
    }
}
