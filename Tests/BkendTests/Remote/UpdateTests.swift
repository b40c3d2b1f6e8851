import Bkend
import Testing

@Suite("Updates")
struct UpdateTests {
    private func bodies(
        _ record: String, _ change: @Sendable (inout Book) -> Void
    ) async throws -> [String] {
        let transport = ScriptedTransport(.json(record))
        _ = try await testClient(transport).table(Book.self).update("a", change)
        return transport.sent.map { "\($0.method) \($0.body)" }
    }

    @Test("only changed top-level fields are sent; nil becomes null")
    func changed() async throws {
        let record = recordText("a", #""title":"Dune","pages":412,"isbn":"x","tags":["a"],"unknown":1"#)
        #expect(try await bodies(record) { $0.title = "Emma" } == ["GET ", #"PATCH {"title":"Emma"}"#])
        #expect(
            try await bodies(record) {
                $0.isbn = nil
                $0.tags.append("b")
            } == ["GET ", #"PATCH {"tags":["a","b"],"isbn":null}"#])
    }

    @Test("without a change nothing is sent, also where defaults fill what the record lacks")
    func unchanged() async throws {
        #expect(try await bodies(recordText("a", #""title":"Dune","pages":4.0"#)) { $0.title = "Dune" } == ["GET "])
    }

    @Test("a changed nested object keeps what the model doesn't know")
    func nested() async throws {
        let author = #"{"avatar":"a.png","name":"Ada","email":"a@b.c","address":{"zip":"1","city":"Rome"}}"#
        let record = recordText("a", #""title":"Dune","author":\#(author)"#)
        #expect(
            try await bodies(record) {
                $0.author?.name = "Eve"
                $0.author?.email = nil
                $0.author?.address?.city = "Oslo"
            } == [
                "GET ",
                #"PATCH {"author":{"avatar":"a.png","name":"Eve","address":{"zip":"1","city":"Oslo"}}}"#,
            ])
        #expect(try await bodies(record) { $0.author = nil } == ["GET ", #"PATCH {"author":null}"#])
    }

    @Test("a record at hand is updated in one request")
    func recordAtHand() async throws {
        let transport = ScriptedTransport(.json(recordText("a")))
        let table = try testClient(transport).table(Book.self)
        let book = try await table.get("a")
        try await table.update(book) { $0.pages = 1 }
        let same = try await table.update(book) { _ in }
        #expect(same == book)
        #expect(
            transport.sent.map { "\($0.line) \($0.body)" } == [
                "GET /v1/data/books/a ", #"PATCH /v1/data/books/a {"pages":1}"#,
            ])
    }

    @Test("explicit fields go out without a read")
    func explicit() async throws {
        let transport = ScriptedTransport(.json(recordText("a")))
        let table = try testClient(transport).table(Book.self)
        try await table.update("a", set: { [$0.title.set("New"), $0.isbn.set(nil)] })
        try await table.update("a", fields: ["any": [1, nil]])
        #expect(transport.sent.map(\.body) == [#"{"title":"New","isbn":null}"#, #"{"any":[1,null]}"#])
        let dotted = await failure { () async throws(BkendError) in
            try await table.update("a", set: { [$0.author.name.set("x")] })
        }
        #expect(dotted?.description.contains("author.name: an update replaces whole top-level fields") == true)
        let infinite = await failure { () async throws(BkendError) in
            try await table.update("a", set: { [$0.price.set(.infinity)] })
        }
        #expect(infinite?.description.contains("price: inf has no JSON form") == true)
        #expect(transport.sent.count == 2)
    }

    @Test("a record without a model is changed as JSON; system fields are left out")
    func untyped() async throws {
        let transport = ScriptedTransport(.json(recordText("a")))
        let table = try testClient(transport).table("books")
        let record = try await table.update("a") {
            $0["title"] = nil
            $0["n"] = 1
            $0["id"] = "other"
        }
        #expect(transport.sent.map(\.body) == ["", #"{"n":1,"title":null}"#])
        #expect(record["title"] == "Dune")
    }
}
