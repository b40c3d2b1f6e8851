import BkendSync
import BkendWire
import Foundation
import Testing

@testable import Bkend

private struct Copy: Table, Equatable {
    static let tableName = "copies"
    static let fieldNames = ["book", "of", "shelf"]

    var book: Reference<Book>
    /// A table's records may refer to each other.
    var of: Reference<Copy>?
    var shelf = ""

    struct Fields: TableFields {
        let fieldPrefix: String
        var book: Field<Reference<Book>> { field("book") }
        var of: Field<Reference<Copy>?> { field("of") }
        var shelf: Field<String> { field("shelf") }
    }
}

@Suite(.timeLimit(.minutes(10))) struct ReferenceTests {
    @Test("A reference is a text on the wire, compared by code point")
    func text() throws {
        let copy = Copy(book: Reference("b1"))
        let json = try JSONObject(encoding: copy)
        #expect(json["book"] == "b1" && json["of"] == nil)
        #expect(try JSON.object(json).decode(Copy.self) == copy)
        #expect(Reference<Book>("e\u{301}") != Reference<Book>("\u{e9}"))
        let (typed, plain) = (Copy.where { $0.book == Reference("b1") }, Copy.where { $0.field("book") == "b1" })
        #expect(typed == plain)
    }

    @Test("A reference to a record that was made here follows it to the server's id")
    func rename() async throws {
        let fixture = try LocalFixture()
        let copies = fixture.store.table(Copy.self)
        let book = try await fixture.books.create(Book(title: "Dune"))
        let local = Reference(book)
        let copy = try await copies.create(Copy(book: local))
        #expect(try await fixture.books.get(local)?.title == "Dune")
        try await fixture.confirmCreate(book.id, as: "s1")
        #expect(try await fixture.books.get(local)?.id == "s1")
        let stored = try #require(try await copies.get(copy.id))
        #expect(stored.book == Reference("s1"))
        #expect(try await copies.where { $0.book == local }.count() == 1)
        let found = try await fixture.books.get([local, stored.book, Reference("none")])
        #expect(found.count == 2 && found[local]?.id == "s1" && found[stored.book]?.id == "s1")
    }

    @Test("Records that don't fit the model are left out of many, and thrown for one")
    func undecodable() async throws {
        let fixture = try LocalFixture()
        let odd = Reference<Book>(try await fixture.store.table("books").create(["title": 7]).id)
        let book = Reference(try await fixture.books.create(Book(title: "Emma")))
        #expect(try await fixture.books.get([odd, book]).keys.map(\.id) == [book.id])
        let reason = await refusal { _ = try await fixture.books.get(odd) }
        guard case .notDecodable = reason else {
            Issue.record("\(String(describing: reason))")
            return
        }
    }

    @Test("Online, a hundred different records are one request")
    func online() async throws {
        let transport = ScriptedTransport { request throws(TransportError) in
            let asked = (try? Query(queryItems: request.query).filter.rest().allOf) ?? []
            guard case .isIn(let ids)? = asked.first?.operators.first else { return .json("{}", status: 400) }
            let rows = ids.compactMap(\.stringValue).filter { $0 != "b007" }.sorted().map {
                recordText($0, $0 == "b008" ? #""title":8"# : #""title":"T""#)
            }
            return .json(pageText(rows))
        }
        let books = try testClient(transport).table(Book.self)
        let ids = (0..<150).map { "b\(String(1_000 + $0).dropFirst())" }
        let found = try await books.get(ids.map { Reference($0) } + [Reference(ids[0])])
        #expect(found.count == 148 && found[Reference("b007")] == nil && found[Reference("b008")] == nil)
        #expect(transport.sent.count == 2)
        #expect(try await books.get([Reference<Book>]()).isEmpty && transport.sent.count == 2)
    }
}
