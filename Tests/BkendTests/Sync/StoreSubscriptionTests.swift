import BkendSync
import BkendWire
import Testing

@testable import Bkend

@Suite("Subscriptions of a local store") struct StoreSubscriptionTests {
    @Test("The same query is the same subscription; each is listed with its table and filter")
    func subscribing() async throws {
        let fixture = try LocalFixture()
        let store = fixture.store
        let long = try await store.subscribe(to: fixture.books.where { $0.pages > 300 })
        let all = try await store.subscribe(to: fixture.books)
        #expect(try await store.subscribe(to: fixture.books.where { $0.pages > 300 }.order(by: \.title)) == long)
        #expect(try await store.subscriptions() == [long, all])
        #expect(long.table == "books" && all.filter == .all && long.filter != .all)
    }

    @Test("What can't be kept is refused: parts of records, of answers, and what the server can't be asked for")
    func refusals() async throws {
        let fixture = try LocalFixture()
        let books = fixture.books
        func isRefused(_ query: some LocalQueryable) async -> Bool {
            guard case .invalidQuery = await refusal({ try await fixture.store.subscribe(to: query) }) else {
                return false
            }
            return true
        }
        #expect(await isRefused(books.search("dune")))
        #expect(await isRefused(books.limit(3)))
        #expect(await isRefused(books.offset(3)))
        #expect(await isRefused(books.select(names: ["title"])))
        #expect(await isRefused(books.where { !($0.pages > 3) }))
        #expect(await isRefused(books.where { $0.price > .nan }))
        #expect(await isRefused(books.where { $0.id.isIn((0...1_000).map { "\($0)" }) }))
        let deep = Field<Int>(Array(repeating: "a", count: 33).joined(separator: "."))
        #expect(await isRefused(books.where { _ in deep > 1 }))
        #expect(try await fixture.store.subscriptions().isEmpty)
    }

    @Test("Ending a subscription lets go of its records, or keeps them; what waits in the outbox stays")
    func unsubscribing() async throws {
        let fixture = try LocalFixture()
        let store = fixture.store
        for keeps in [false, true] {
            let all = try await store.subscribe(to: fixture.books)
            try await fixture.receive(recordText("b1"), recordText("b2"), subscription: all.id)
            try await fixture.books.update("b2") { $0.pages = keeps ? 2 : 1 }
            try await store.unsubscribe(all.id, keepingRecords: keeps)
            #expect(
                try await fixture.books.order(byPath: "id").fetch().records.map(\.id)
                    == (keeps ? ["b1", "b2"] : ["b2"]))
            #expect(await refusal { try await store.unsubscribe(all.id) } == .noSuchSubscription(all.id))
        }
        #expect(await refusal { try await store.confirmMassRemoval(of: 99) } == .noSuchSubscription(99))
    }

    @Test("An engine is told of new entries and subscriptions, whoever made them")
    func news() async throws {
        let fixture = try LocalFixture()
        let before = try await fixture.core.read { try $0.engineNews() }
        let signals = try await fixture.core.watch(.outbox)
        let all = try await fixture.store.subscribe(to: fixture.books)
        #expect(await signals.next())
        let subscribed = try await fixture.core.read { try $0.engineNews() }
        #expect(subscribed.hasOtherSubscriptions(than: before) && subscribed.newestEntry == before.newestEntry)
        try await fixture.books.create(Book(title: "Dune"))
        let written = try await fixture.core.read { try $0.engineNews() }
        #expect(written.newestEntry > subscribed.newestEntry && !written.hasOtherSubscriptions(than: subscribed))
        // As many as before, and yet others.
        try await fixture.store.unsubscribe(all.id)
        try await fixture.store.subscribe(to: fixture.books)
        #expect(try await fixture.core.read { try $0.engineNews() }.hasOtherSubscriptions(than: written))
    }
}
