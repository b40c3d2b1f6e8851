import BkendSync
import BkendWire
import Foundation
import Testing

@testable import Bkend

@Suite(.timeLimit(.minutes(10))) struct LocalIndexTests {
    private static func explained(_ query: LocalQuery<Book>, _ fixture: LocalFixture) async throws -> String? {
        let wanted = try query.wanted()
        return try await fixture.core.read { try $0.documents.explain(wanted, in: "books")?.index }
    }

    @Test("An index by the app's word serves typed queries, in every handle, until it is dropped")
    func index() async throws {
        let fixture = try LocalFixture()
        let books = fixture.books
        try await books.createAll((0..<100).map { Book(title: "Book \($0)", pages: $0 % 10) })
        let thin = books.where { $0.pages == 3 }.order(by: \.title)
        #expect(try await Self.explained(thin, fixture) == nil)
        try await books.index(by: \.pages, \.title)
        try await books.index(by: \.author.name)
        #expect(try await Self.explained(thin, fixture) == "pages_1_title_1")
        #expect(try await thin.limit(2).fetch().map(\.title) == ["Book 13", "Book 23"])
        #expect(
            try await thin.order(by: \.title, .descending).fetch().count == 10)
        let kept = try await books.indexes()
        #expect(kept.map(\.fields) == [["author.name"], ["pages", "title"]])
        #expect(kept.allSatisfy { $0.state == .ready && $0.isAsked && !$0.isSpecified })
        // Once more, as at each start.
        try await books.index(by: \.pages, \.title)
        try await books.dropIndex(by: \.pages, \.title)
        try await books.dropIndex(by: \.pages, \.title)
        #expect(try await Self.explained(thin, fixture) == nil)
        #expect(try await thin.fetch().count == 10)
    }

    @Test("A live query in the order of an indexed field shows what is written")
    func live() async throws {
        let fixture = try LocalFixture()
        try await fixture.books.index(byPaths: ["pages"])
        var snapshots = fixture.books.order(by: \.pages).limit(2).live().makeAsyncIterator()
        #expect(await snapshots.next()?.records.isEmpty == true)
        for pages in [30, 10, 20] { try await fixture.books.create(Book(title: "\(pages)", pages: pages)) }
        var titles: [String] = []
        while titles != ["10", "20"], let snapshot = await snapshots.next() { titles = snapshot.records.map(\.title) }
        #expect(titles == ["10", "20"])
    }

    @Test("What can't be indexed is refused with the reason")
    func refusals() async throws {
        let fixture = try LocalFixture()
        await #expect {
            try await fixture.books.index(byPaths: ["a..b"])
        } throws: { error in
            guard let error = error as? StoreError, case .invalidIndex = error.reason else { return false }
            return error.table == "books" && error.description.contains("empty part")
        }
        for number in 0..<16 { try await fixture.books.index(byPaths: ["field\(number)"]) }
        await #expect {
            try await fixture.books.index(by: \.pages)
        } throws: { error in
            (error as? StoreError)?.reason == .tooManyIndexes(limit: 16)
        }
    }
}
