import Bkend
import Foundation
import Testing

@Suite("Records")
struct RecordTests {
    private func record(_ text: String) throws -> Record<Book> {
        try Record(json: #require(JSON(parsing: text).objectValue))
    }

    @Test("a record reads through to its model and keeps what the model doesn't know")
    func readThrough() throws {
        let book = try record(recordText("a", #""title":"Dune","author":{"name":"Ada"},"more":[1]"#))
        #expect(book.title == "Dune")
        #expect(book.author?.name == "Ada")
        #expect(book.createdBy == "u1")
        #expect(book.createdAt == Date(timeIntervalSince1970: 1_736_294_400))
        #expect(book.json["more"] == [1])
    }

    @Test("equal are records of one id in one state, by code point")
    func equality() throws {
        #expect(try record(recordText("é")) == record(recordText("é", #""title":"Dune","unknown":1"#)))
        #expect(try record(recordText("é")) != record(recordText("e\u{301}")))
        #expect(try record(recordText("a")) != record(recordText("a", #""title":"Emma""#)))
    }

    @Test("createdBy may be missing or null, a guest's is empty")
    func guest() throws {
        let times = #""createdAt":"2025-01-08T00:00:00.000Z","updatedAt":"2025-01-09T12:30:00.250Z""#
        #expect(try record(#"{"id":"a","title":"",\#(times)}"#).createdBy == "")
        #expect(try record(#"{"id":"a","title":"","createdBy":null,\#(times)}"#).createdBy == "")
        #expect(throws: JSONCodingError.self) { try record(#"{"id":"","title":"",\#(times)}"#) }
        #expect(throws: JSONCodingError.self) { try record(#"{"id":5,"title":"",\#(times)}"#) }
    }
}
