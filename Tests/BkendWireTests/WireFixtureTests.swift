import BkendWire
import Testing

@Suite struct WireFixtureTests {
    @Test(
        "a golden body is written as it is read, byte for byte",
        arguments: [
            "record", "list", "list-wrapped", "error-nested", "error-bare", "error-flat", "tables",
            "tables-design-time",
        ])
    func goldenBodyWritten(name: String) throws {
        let text = try WireFixture.text(name)
        #expect(Array(text.utf8) == (try JSON(parsing: text).serialized()))
    }

    @Test("the golden list holds the golden record, bare or wrapped")
    func goldenListHolds() throws {
        let page = try #require(RecordPage(try WireFixture.json("list")))
        #expect(RecordPage(try WireFixture.json("list-wrapped")) == page)
        #expect(page.items.first.map(JSON.object) == (try WireFixture.json("record")))
        #expect(page.pagination == Pagination(total: 42, page: .init(1, limit: 2)))
        let list: JSON = [
            "items": .array(page.items.map(JSON.object)), "pagination": .object(page.pagination.json),
        ]
        #expect(list.description == (try WireFixture.text("list")))
        #expect(Answer.wrapped(list).description == (try WireFixture.text("list-wrapped")))
    }

    @Test("the golden record keeps what a lesser reader loses")
    func goldenRecordKeeps() throws {
        let record = try WireFixture.json("record")
        #expect(record["views"] == .int(9_007_199_254_740_993))
        #expect(record["rating"] == .double(1e-7))
        #expect(record["author"]?["address"]?["city"] == "서울")
        #expect(record["deletedAt"] == .null)
        let moment = try #require(record["updatedAt"]?.stringValue)
        #expect(Timestamp(moment)?.description == moment)
    }

    @Test("golden requests read as their parameters and are written the same")
    func goldenRequestsRead() throws {
        let requests = try #require(try WireFixture.json("list-requests").arrayValue)
        #expect(requests.count > 5)
        for request in requests {
            let text = try #require(request["query"]?.stringValue)
            let items = try QueryItem.decode(text)
            let parameters = try #require(request["parameters"]?.objectValue)
            #expect(items == parameters.map { QueryItem($0.key, $0.value.stringValue ?? "") }, "\(text)")
            let query = try Query(queryItems: items)
            #expect(QueryItem.encode(try query.queryItems()) == text)
        }
    }

    @Test("the nested golden error is the one that is sent")
    func nestedGoldenError() throws {
        let sent = ErrorBody(
            .validationError, "title is required",
            details: [.init(field: "title", rule: "required", message: "title is required")])
        #expect(JSON.object(sent.json).description == (try WireFixture.text("error-nested")))
        #expect(ErrorBody(try WireFixture.json("error-nested"), status: 400) == sent)
        #expect(ErrorBody(try WireFixture.json("error-bare"), status: 404)?.code == .notFound)
        #expect(ErrorBody(try WireFixture.json("error-flat"), status: 400)?.code == .validationError)
    }

    @Test("both golden forms of a table define the same")
    func bothGoldenForms() throws {
        let stored = try TableDefinition.tables(try WireFixture.json("tables"))
        #expect(try TableDefinition.tables(try WireFixture.json("tables-design-time")) == stored)
        let text = JSON.object(["tables": .array(stored.map { .object($0.json) })]).description
        #expect(text == (try WireFixture.text("tables")))
    }
}
