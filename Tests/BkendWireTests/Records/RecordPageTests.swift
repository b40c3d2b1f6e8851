import BkendWire
import Testing

@Suite struct RecordPageTests {
    @Test(
        "pagination is counted without overflow",
        arguments: [
            (0, Query.Page(), [1, 20, 0], false, false), (1, Query.Page(), [1, 20, 1], false, false),
            (20, Query.Page(), [1, 20, 1], false, false), (21, Query.Page(), [1, 20, 2], true, false),
            (21, Query.Page(2), [2, 20, 2], false, true), (21, Query.Page(9), [9, 20, 2], false, true),
            (0, Query.Page(3), [3, 20, 0], false, false), (100, Query.Page(2, limit: 10), [2, 10, 10], true, true),
            (50, Query.Page(offset: 0, limit: 10), [1, 10, 5], true, false),
            (50, Query.Page(offset: 9, limit: 10), [1, 10, 5], true, true),
            (50, Query.Page(offset: 10, limit: 10), [2, 10, 5], true, true),
            (50, Query.Page(offset: 40, limit: 10), [5, 10, 5], false, true),
            (50, Query.Page(offset: 41, limit: 10), [5, 10, 5], false, true),
            (50, Query.Page(offset: .max, limit: 1), [.max, 1, 50], false, true),
            (50, Query.Page(offset: .max, limit: 100), [.max / 100 + 1, 100, 1], false, true),
            (.max, Query.Page(.max, limit: .max), [.max, .max, 1], false, true),
            (.max, Query.Page(1, limit: 1), [1, 1, .max], true, false),
            (5, Query.Page(0, limit: 0), [1, 1, 5], true, false),
            (5, Query.Page(.min, limit: .min), [1, 1, 5], true, false),
            (5, Query.Page(offset: .min, limit: -1), [1, 1, 5], true, false),
        ] as [(Int, Query.Page, [Int], Bool, Bool)])
    func paginationCountedWithout(
        total: Int, page: Query.Page, numbers: [Int], next: Bool, previous: Bool
    ) {
        let pagination = Pagination(total: total, page: page)
        #expect([pagination.page, pagination.limit, pagination.totalPages] == numbers)
        #expect(pagination.hasNext == next)
        #expect(pagination.hasPrev == previous)
        #expect(Pagination(.object(pagination.json)) == pagination)
    }

    @Test(
        "skipped rows saturate",
        arguments: [
            (Query.Page(), 0), (Query.Page(3, limit: 7), 14), (Query.Page(.max, limit: 100), .max),
            (Query.Page(.min), 0),
            (Query.Page(offset: 5), 5), (Query.Page(offset: -5), 0), (Query.Page(.max, limit: .min), .max - 1),
        ])
    func skippedRowsSaturate(page: Query.Page, skipped: Int) {
        #expect(page.skipped == skipped)
    }

    @Test("members that a server leaves out are derived, and those it says are believed")
    func membersServerLeaves() throws {
        let derived = try #require(Pagination(try JSON(parsing: #"{"total":45,"page":2}"#)))
        #expect(derived == Pagination(total: 45, page: .init(2)))
        let files = try #require(
            Pagination(try JSON(parsing: #"{"total":45,"page":3,"limit":20,"hasNextPage":true,"hasPrevPage":false}"#)))
        #expect(files.hasNext)
        #expect(!files.hasPrev)
        let doubles = try #require(Pagination(try JSON(parsing: #"{"total":45.0,"page":2.0,"limit":10.0}"#)))
        #expect(doubles.totalPages == 5)
        let odd = try #require(Pagination(try JSON(parsing: #"{"total":45,"page":-3,"limit":0}"#)))
        #expect(odd.page == 1)
        #expect(odd.limit == 1)
    }

    @Test(
        "pagination without a usable total is none",
        arguments: [
            "null", "[]", "{}", #"{"total":-1}"#, #"{"total":"5"}"#, #"{"total":1.5}"#, #"{"total":1e300}"#,
            #"{"page":1}"#,
        ])
    func paginationWithoutUsable(text: String) throws {
        #expect(Pagination(try JSON(parsing: text)) == nil)
        #expect(Pagination(nil) == nil)
    }

    @Test(
        "what is no list answer is none",
        arguments: [
            "null", "[]", "{}", #"{"items":[]}"#, #"{"items":{},"pagination":{"total":0}}"#,
            #"{"items":[1],"pagination":{"total":1}}"#, #"{"items":[{},null],"pagination":{"total":2}}"#,
            #"{"success":false,"data":{"items":[],"pagination":{"total":0}}}"#, #"{"success":true,"data":null}"#,
            "\"<html>\"",
        ])
    func whatNoList(text: String) throws {
        #expect(RecordPage(try JSON(parsing: text)) == nil)
    }

    @Test("a bare and a wrapped list read the same")
    func bareWrappedList() throws {
        let list = #"{"items":[{"id":"1","n":9007199254740993}],"pagination":{"total":1,"page":1,"limit":20}}"#
        let bare = try #require(RecordPage(try JSON(parsing: list)))
        let wrapped = try #require(RecordPage(try JSON(parsing: #"{"success":true,"data":\#(list)}"#)))
        #expect(bare == wrapped)
        #expect(bare.items == [["id": "1", "n": .int(9_007_199_254_740_993)]])
    }

    @Test(
        "a wrapper is taken off, a record never",
        arguments: [
            (#"{"id":"1"}"#, #"{"id":"1"}"#), (#"{"success":true}"#, #"{"success":true}"#), ("[1]", "[1]"),
            (#"{"success":true,"data":{"id":"1"}}"#, #"{"id":"1"}"#), (#"{"success":true,"data":null}"#, "null"),
            (#"{"success":true,"data":[],"message":"ok"}"#, "[]"),
            (#"{"success":false,"data":1}"#, #"{"success":false,"data":1}"#),
            (#"{"success":1,"data":1}"#, #"{"success":1,"data":1}"#),
            (#"{"data":{"id":"1"}}"#, #"{"data":{"id":"1"}}"#),
            (#"{"id":"1","success":true,"data":{"x":1}}"#, #"{"id":"1","success":true,"data":{"x":1}}"#),
        ])
    func wrapperTakenOff(body: String, payload: String) throws {
        #expect(Answer.payload(of: try JSON(parsing: body)).description == payload)
    }

    @Test("a wrapped payload reads back")
    func wrappedPayloadReads() {
        for payload: JSON in [["items": []], .null, 1] {
            #expect(Answer.payload(of: Answer.wrapped(payload)) == payload)
        }
    }

    @Test("system fields are four, by exact name")
    func systemFieldsFour() {
        #expect(SystemField.allCases.map(\.rawValue) == ["id", "createdBy", "createdAt", "updatedAt"])
        #expect(SystemField.contains("createdAt"))
        for name in ["ID", "created_at", "", "id\u{301}", "_id"] { #expect(!SystemField.contains(name)) }
    }
}
