import BkendSync
import Foundation
import Testing

@testable import Bkend

@Suite(.timeLimit(.minutes(10))) struct LocalQueryTests {
    private func filled() async throws -> LocalFixture {
        let fixture = try LocalFixture()
        try await fixture.books.createAll([
            Book(title: "Dune", pages: 412, tags: ["sf"], author: Person(name: "Frank")),
            Book(title: "Emma", pages: 474, tags: ["novel"], author: Person(name: "Jane")),
            Book(title: "Solaris", pages: 204, tags: ["sf", "novel"]),
            Book(title: "Ubik", tags: ["sf"]),
        ])
        return fixture
    }

    @Test("Filters, also those that the REST API can't say, search and order mean what they mean online")
    func filters() async throws {
        let books = try await filled().books
        func titles(_ query: some LocalQueryable<Book>) async throws -> [String] {
            try await query.order(by: \.title).fetch().map(\.title)
        }
        #expect(try await titles(books.where { $0.pages > 300 && $0.tags.contains("sf") }) == ["Dune"])
        #expect(try await titles(books.where { !($0.tags.contains("sf")) }) == ["Emma"])
        let either = books.where { ($0.pages > 400 && $0.tags.contains("novel")) || $0.title == "Ubik" }
        #expect(try await titles(either) == ["Emma", "Ubik"])
        #expect(try await titles(books.where { $0.author.name == "Jane" }) == ["Emma"])
        #expect(try await titles(books.search("LAR")) == ["Solaris"])
        #expect(try await titles(books.matching(Book.where { $0.pages == nil })) == ["Ubik"])
        let ordered = books.order(by: \.pages, .descending).limit(2)
        #expect(try await ordered.fetch().map(\.title) == ["Emma", "Dune"])
    }

    @Test("Limit, offset, pages, first and count")
    func parts() async throws {
        let books = try await filled().books
        let byTitle = books.order(by: \.title)
        #expect(try await byTitle.offset(1).limit(2).fetch().map(\.title) == ["Emma", "Solaris"])
        #expect(try await byTitle.offset(3).fetch().map(\.title) == ["Ubik"])
        #expect(try await byTitle.limit(0).fetch().isEmpty)
        #expect(try await byTitle.offset(9).first() == nil)
        #expect(try await byTitle.offset(2).first()?.title == "Solaris")
        #expect(try await books.where { $0.tags.contains("sf") }.limit(1).count() == 3)
        let page = try await byTitle.page(2, limit: 3)
        #expect(page.records.map(\.title) == ["Ubik"] && page.pagination.total == 4 && !page.pagination.hasNext)
        #expect(try await byTitle.page(offset: 1, limit: 500).records.count == 3)
        #expect(await refusal { _ = try await byTitle.page(0) } != nil)
        #expect(await refusal { _ = try await byTitle.limit(-1).fetch() } != nil)
    }

    @Test("Selected fields, as a smaller model or as JSON")
    func selecting() async throws {
        let books = try await filled().books
        let bare = try await books.order(by: \.title).select(\.title, \.pages).first()
        #expect(bare?["title"] == "Dune" && bare?["pages"] == 412 && bare?["tags"] == nil && bare?.id.isEmpty == false)
    }

    @Test("A value that no record can hold, and a pattern that is none, are refused")
    func refusals() async throws {
        let books = try await filled().books
        let error = await #expect(throws: StoreError.self) { try await books.where { $0.price > .infinity }.fetch() }
        #expect(error?.field == "price")
        if case .invalidQuery? = error?.reason {} else { Issue.record("\(String(describing: error))") }
        #expect(await refusal { _ = try await books.where { $0.title.matches("(") }.count() } != nil)
        #expect(await refusal { _ = try await books.where { $0.price == .nan }.count() } != nil)
        #expect(await refusal { _ = try await books.where { $0.price == .nan }.page() } != nil)
    }

    @Test("A record that doesn't fit the model is reported with id and path and hides no other")
    func undecodable() async throws {
        let fixture = try LocalFixture()
        try await fixture.receive(
            recordText("s1", #""title":"Dune""#), recordText("s2", #""title":"Odd","pages":"many""#),
            recordText("s3", #""pages":3"#))
        let result = try await fixture.books.order(by: \.id).fetch()
        #expect(result.records.map(\.id) == ["s1"])
        #expect(result.undecodable.map(\.id) == ["s2", "s3"])
        #expect(result.undecodable.map(\.error.path) == ["pages", "title"])
        let page = try await fixture.books.order(by: \.id).page()
        #expect(page.records.count == 1 && page.undecodable == result.undecodable && page.pagination.total == 3)
        guard case .notDecodable? = await refusal({ _ = try await fixture.books.get("s2") }) else {
            Issue.record("the record was decoded")
            return
        }
        let first = await refusal { _ = try await fixture.books.order(by: \.id, .descending).first() }
        if case .notDecodable? = first {} else { Issue.record("\(String(describing: first))") }
    }

    @Test("A model that changed reads old records with its defaults, and an update keeps what it doesn't know")
    func drift() async throws {
        let fixture = try LocalFixture()
        try await fixture.receive(recordText("s1", #""title":"Dune","status":null,"shelf":{"row":3}"#))
        let book = try #require(try await fixture.books.get("s1"))
        #expect(book.status == .draft && book.tags.isEmpty)
        let updated = try await fixture.books.update("s1") { $0.tags.append("sf") }
        #expect(updated.json["shelf"] == ["row": 3] && updated.json["status"] == .null)
        #expect(try await fixture.store.outbox.entries().map(\.fields) == [["tags": ["sf"]]])
    }

    @Test("An answer is complete under a drained subscription to the whole table or the same filter")
    func completeness() async throws {
        let fixture = try LocalFixture()
        let sf = fixture.books.where { $0.tags.contains("sf") }
        let fresh = fixture.books.where { $0.createdAt > Date(timeIntervalSince1970: 0) }
        #expect(try await sf.fetch().completeness == .partial)
        let number = try await fixture.core.write { tx in
            try tx.subscribing.subscribe("books", to: try Condition("tags", .equals("sf")).filter.rest())
        }
        #expect(try await sf.fetch().completeness == .partial)
        try await fixture.core.write { try $0.subscriptions.setProgress(PullProgress(["filled": true]), of: number) }
        #expect(try await sf.fetch().completeness == .complete)
        #expect(try await sf.page().completeness == .complete)
        try await fixture.core.write {
            try $0.subscriptions.setProgress(PullProgress(["filled": true, "denied": true]), of: number)
        }
        #expect(try await sf.fetch().completeness == .partial)
        try await fixture.core.write { try $0.subscriptions.setProgress(PullProgress(["filled": true]), of: number) }
        #expect(try await fixture.books.fetch().completeness == .partial)
        #expect(try await fresh.fetch().completeness == .partial)
        try await fixture.core.write { tx in
            try tx.subscriptions.setProgress(PullProgress(["filled": true]), of: try tx.subscribing.subscribe("books"))
        }
        #expect(try await fixture.books.where { !($0.title == "x") }.fetch().completeness == .complete)
    }

    @Test("The sync state comes with each record")
    func states() async throws {
        let fixture = try LocalFixture()
        try await fixture.receive(recordText("s1", #""title":"A""#), recordText("s2", #""title":"B""#))
        try await fixture.books.update("s2") { $0.pages = 3 }
        let bad = try await fixture.books.create(Book(title: "C"))
        try await fixture.reject(bad.id)
        let states = try await fixture.books.order(by: \.title).fetch().map(\.syncState)
        #expect(states[0] == .synced && states[1] == .pending)
        if case .failed(let failure) = states[2] { #expect(failure.status == 400) } else { Issue.record("\(states)") }
    }
}
