import Bkend
import Foundation
import HTTPTypes
import Testing

/// Each call beside the request that it makes.
@Suite("Requests")
struct RequestTests {
    private let record = ScriptedTransport(.json(recordText()))
    private let page = ScriptedTransport(.json(pageText([recordText()])))

    @Test("create sends the fields without wrapper, and nothing for nil")
    func create() async throws {
        let books = try testClient(record).table(Book.self)
        let created = try await books.create(Book(title: "Dune", pages: 412))
        #expect(created.id == "677e00000000000000000001")
        #expect(created.title == "Dune")
        #expect(created.updatedAt == Date(timeIntervalSince1970: 1_736_425_800.25))
        let sent = try #require(record.sent.first)
        #expect(sent.line == "POST /v1/data/books")
        #expect(sent.body == #"{"title":"Dune","pages":412,"tags":[],"editors":[],"status":"draft","sizes":{}}"#)
        #expect(sent.replay == .never)
        #expect(sent.headers[.contentType] == "application/json")
        #expect(try sent.headers[#require(HTTPField.Name("X-API-Key"))] == testKey)
    }

    @Test("createAll sends one array, and nothing for no models")
    func createAll() async throws {
        let two = ScriptedTransport(.json(#"{"items":[\#(recordText("a")),\#(recordText("b"))]}"#, status: 201))
        let table = try testClient(two).table("books")
        let records = try await table.createAll([["title": "A", "id": "x"], ["title": "B"]])
        #expect(records.map(\.id) == ["a", "b"])
        #expect(two.sent.map(\.body) == [#"[{"title":"A"},{"title":"B"}]"#])
        #expect(try await table.createAll([]).isEmpty)
        #expect(two.sent.count == 1)
        let error = await failure { () async throws(BkendError) in try await table.createAll([["a": 1]]) }
        #expect(error?.description.contains("expected the 1 records") == true)
    }

    @Test("a query's every part stands in the URL, and defaults don't")
    func query() async throws {
        let books = try testClient(page).table(Book.self)
        _ = try await books.page()
        _ = try await books.where { $0.pages > 100 && ($0.title == "a" || $0.status == .draft) }
            .order(by: \.createdAt, .descending).search("dun", in: \.title).page(3, limit: 50)
        _ = try await books.search("x y").select(Title.self).page(offset: 40)
        _ = try await books.select(\.title, \.author.name).first()
        #expect(
            page.lines == [
                "GET /v1/data/books",
                #"GET /v1/data/books?page=3&limit=50&sortBy=createdAt&sortDirection=desc&search=dun&searchType=title&"#
                    + #"andFilters={"pages":{"$gt":100}}&orFilters={"title":"a","status":"draft"}"#,
                "GET /v1/data/books?offset=40&search=x y&select=title",
                "GET /v1/data/books?limit=1&select=title,author.name",
            ])
        #expect(page.sent[0].url == "http://localhost:8420/v1/data/books")
        #expect(page.sent[1].url.contains("andFilters=%7B%22pages%22%3A%7B%22%24gt%22%3A100%7D%7D&"))
        #expect(page.sent.allSatisfy { $0.replay == .idempotent })
    }

    private struct Title: Table {
        static let tableName = "books"
        static let fieldNames = ["title"]
        var title: String

        struct Fields: TableFields {
            let fieldPrefix: String
            var title: Field<String> { field("title") }
        }
    }

    @Test("count asks for one bare record and reads the total")
    func count() async throws {
        let transport = ScriptedTransport(.json(pageText([recordText("a", "")], total: 41)))
        let books = try testClient(transport).table(Book.self)
        #expect(try await books.where { $0.pages == nil }.count() == 41)
        #expect(transport.lines == [#"GET /v1/data/books?limit=1&andFilters={"pages":null}&select=id"#])
    }

    @Test("names and ids are one path segment, whatever they hold")
    func encoding() async throws {
        let client = try testClient(record)
        _ = try await client.table("a b/ü").get("../x?y#z%2f")
        #expect(record.sent[0].path == "/v1/data/a%20b%2F%C3%BC/..%2Fx%3Fy%23z%252f")
        for id in ["", ".", ".."] {
            let error = await failure { () async throws(BkendError) in try await client.table("a").get(id) }
            guard case .invalidArgument? = error?.reason else {
                Issue.record("\(id) was taken as an id: \(String(describing: error))")
                continue
            }
        }
        #expect(record.sent.count == 1)
    }

    @Test("delete reads either body, and both body shapes give records")
    func shapes() async throws {
        let books = try testClient(ScriptedTransport(.json(#"{"success":true}"#))).table(Book.self)
        try await books.delete("a")
        let empty = try testClient(ScriptedTransport(.json("", status: 204))).table(Book.self)
        try await empty.delete("a")
        let wrapped = ScriptedTransport(
            .json(#"{"success":true,"data":\#(recordText())}"#),
            .json(#"{"success":true,"data":\#(pageText([recordText()]))}"#))
        let table = try testClient(wrapped).table(Book.self)
        #expect(try await table.get("a").title == "Dune")
        #expect(try await table.page().records.map(\.title) == ["Dune"])
    }

    @Test("what the API can't say, or JSON can't write, is thrown before any request")
    func refused() async throws {
        let books = try testClient(page).table(Book.self)
        let twice = books.where { $0.pages > 1 }.where { $0.pages > 2 }
        let nan = books.where { $0.price == .nan }
        let far = books.where { $0.createdAt < Date.distantFuture.addingTimeInterval(1e15) }
        let local = books.matching(Book.where { !($0.title == "a") })
        for query in [twice, local, books.order(by: \.title).order(by: \.pages)] {
            let error = await failure { () async throws(BkendError) in try await query.first() }
            guard case .notExpressible? = error?.reason else {
                Issue.record("expected notExpressible, not \(String(describing: error))")
                continue
            }
        }
        let error = await failure { () async throws(BkendError) in try await nan.count() }
        #expect(error?.description.contains("the filter compares with a value that JSON can't represent") == true)
        #expect(await failure { () async throws(BkendError) in try await far.count() } != nil)
        #expect(await failure { () async throws(BkendError) in try await books.page(0) } != nil)
        #expect(await failure { () async throws(BkendError) in try await books.page(limit: 101) } != nil)
        #expect(await failure { () async throws(BkendError) in try await books.page(offset: -1) } != nil)
        #expect(
            await failure { () async throws(BkendError) in try await books.create(Book(title: "", price: .infinity)) }?
                .description == "POST books: nothing was sent; the value can't be encoded: price: inf has no JSON form")
        #expect(page.sent.isEmpty)
    }

    @Test("headers of client and call are sent, forbidden ones refused")
    func headers() async throws {
        var options = quietOptions()
        options.headers = ["X-App": "one", "X-Trace": "client"]
        let table = try testClient(record, options: options).table(Book.self)
        _ = try await table.get("a", options: CallOptions(headers: ["X-Trace": "call"]))
        #expect(try record.sent[0].headers[#require(HTTPField.Name("X-App"))] == "one")
        #expect(try record.sent[0].headers[#require(HTTPField.Name("X-Trace"))] == "call")
        for (name, value) in [("Bad Name", "x"), ("X", "a\r\nb"), ("X", "a\0")] {
            let error = await failure { () async throws(BkendError) in
                try await table.get("a", options: CallOptions(headers: [name: value]))
            }
            #expect(error?.description.contains("header") == true)
        }
        #expect(record.sent.count == 1)
    }
}
