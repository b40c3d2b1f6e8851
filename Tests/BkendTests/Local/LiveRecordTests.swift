import BkendSync
import Observation
import Testing

@testable import Bkend

@Suite(.timeLimit(.minutes(10))) struct LiveRecordTests {
    @Test("A record is told now, after each change, under the id that the server gives it, and when it is gone")
    func record() async throws {
        let fixture = try LocalFixture()
        let draft = try await fixture.books.create(Book(title: "Dune"))
        var records = fixture.books.live(draft.id).makeAsyncIterator()
        #expect(try await records.next()??.title == "Dune")
        try await fixture.books.create(Book(title: "Another"))
        try await fixture.books.update(draft.id) { $0.title = "Dune Messiah" }
        #expect(try await records.next()??.title == "Dune Messiah")
        try await fixture.confirmCreate(draft.id, as: "s1")
        #expect(try await records.next()??.id == "s1")
        try await fixture.books.update("s1") { $0.pages = 412 }
        #expect(try await records.next()??.pages == 412)
        try await fixture.books.delete(draft.id)
        let gone = try #require(try await records.next())
        // What follows the query may hold it for the moment in which it shows a value.
        while gone != nil { await Task.yield() }
        await fixture.store.close()
        #expect(try await records.next() == nil)
    }

    @Test("A record that isn't here is nil until it comes")
    func absent() async throws {
        let fixture = try LocalFixture()
        var records = fixture.books.live("s1").makeAsyncIterator()
        let nothing = try #require(try await records.next())
        #expect(nothing == nil)
        try await fixture.receive(recordText("s1", #""title":"Emma""#))
        #expect(try await records.next()??.title == "Emma")
    }

    @Test("The first record of a query is told when another one is first, and only then")
    func first() async throws {
        let fixture = try LocalFixture()
        var first = fixture.books.order(by: \.title).liveFirst().makeAsyncIterator()
        let nothing = try #require(try await first.next())
        #expect(nothing == nil)
        try await fixture.books.create(Book(title: "Emma"))
        #expect(try await first.next()??.title == "Emma")
        try await fixture.books.create(Book(title: "Ubik"))
        try await fixture.books.create(Book(title: "Dune"))
        #expect(try await first.next()??.title == "Dune")
    }

    @Test("A record that doesn't fit the model throws, and the next change is told again")
    func undecodable() async throws {
        let fixture = try LocalFixture()
        let plain = fixture.store.table("books")
        let record = try await plain.create(["title": "Dune"])
        var records = fixture.books.live(record.id).makeAsyncIterator()
        #expect(try await records.next()??.title == "Dune")
        try await plain.update(record.id, set: { [$0.title.set(7)] })
        let reason = await refusal { _ = try await records.next() }
        guard case .notDecodable(let error) = reason else {
            Issue.record("\(String(describing: reason))")
            return
        }
        #expect(error.path == "title")
        try await plain.update(record.id, set: { [$0.title.set("Dune")] })
        #expect(try await records.next()??.title == "Dune")
    }

    @Test("A count is told now and whenever it is another one")
    func count() async throws {
        let fixture = try LocalFixture()
        var counts = fixture.books.where { $0.pages > 100 }.liveCount().makeAsyncIterator()
        #expect(try await counts.next() == 0)
        try await fixture.books.create(Book(title: "Short", pages: 10))
        let long = try await fixture.books.create(Book(title: "Long", pages: 1_000))
        #expect(try await counts.next() == 1)
        try await fixture.books.update(long.id) { $0.pages = 1_001 }
        try await fixture.books.delete(long.id)
        #expect(try await counts.next() == 0)
        await fixture.store.close()
        #expect(try await counts.next() == nil)
        var closed = fixture.books.liveCount().makeAsyncIterator()
        #expect(try await closed.next() == nil)
    }

    @Test("Cancelling ends a count that waits")
    func cancelled() async throws {
        let fixture = try LocalFixture()
        let (begun, begin) = AsyncStream<Void>.makeStream()
        let waiting = Task {
            var counts = fixture.books.liveCount().makeAsyncIterator()
            #expect(try await counts.next() == 0)
            begin.yield()
            return try await counts.next()
        }
        for await _ in begun { break }
        waiting.cancel()
        #expect(try await waiting.value == nil)
    }
}

@Suite(.timeLimit(.minutes(10))) @MainActor struct LiveValueTests {
    /// Waits until something observable is as said.
    private func wait(until isSo: @escaping @MainActor () -> Bool) async {
        while !isSo() {
            let (changes, change) = AsyncStream<Void>.makeStream()
            let isNow = withObservationTracking {
                isSo()
            } onChange: {
                change.finish()
            }
            if isNow { return }
            for await _ in changes {}
        }
    }

    @Test("A live value tells observers of each result")
    func observing() async throws {
        let fixture = try LocalFixture()
        let list = LiveValue(fixture.books.order(by: \.title).live())
        let count = LiveValue(fixture.books.liveCount())
        #expect(list.value == nil && count.value == nil)
        await wait { list.value?.records.isEmpty == true && count.value == 0 }
        try await fixture.books.create(Book(title: "Emma"))
        await wait { list.value?.records.map(\.title) == ["Emma"] && count.value == 1 }
        #expect(list.error == nil)
    }

    @Test("An error is told and cleared by the next value")
    func error() async throws {
        let fixture = try LocalFixture()
        let plain = fixture.store.table("books")
        let record = try await plain.create(["title": 7])
        let book = LiveValue(fixture.books.live(record.id))
        await wait { book.error is StoreError }
        try await plain.update(record.id, set: { [$0.title.set("Dune")] })
        await wait { book.error == nil && book.value??.title == "Dune" }
    }

    @Test("Nobody observes the store for a value that is gone")
    func release() async throws {
        let fixture = try LocalFixture()
        var list: LiveValue<Int>? = LiveValue(fixture.books.liveCount())
        await wait { list?.value == 0 }
        weak let gone = list
        list = nil
        #expect(gone == nil)
        while fixture.feed.observerCount > 0 { await Task.yield() }
    }
}
