import BkendWire
import GRDB
import Testing

@testable import BkendDocuments

@Suite struct CollectionTests {
    @Test func `A document comes back as it was stored`() throws {
        let queue = try DocumentStorage.inMemory()
        try queue.write { db in
            let articles = try Collection.create("articles", in: db)
            try articles.insert(["id": "a", "title": "One", "n": 1], in: db)
            #expect(try articles.document(id: "a", in: db)?.json == ["id": "a", "title": "One", "n": 1])
            #expect(try articles.document(id: "b", in: db) == nil)
            #expect(throws: DuplicateDocument(collection: "articles", id: "a")) {
                try articles.insert(["id": "a"], in: db)
            }
        }
    }

    @Test func `A patch sets fields whole, keeps their order and stores null`() throws {
        let queue = try DocumentStorage.inMemory()
        try queue.write { db in
            let articles = try Collection.create("articles", in: db)
            try articles.insert(["id": "a", "x": ["y": 1, "z": 2], "n": 1], in: db)
            let text = try articles.patch(id: "a", set: ["n": nil, "x": ["y": 3], "new": true], in: db)
            #expect(
                text.map { String(decoding: $0.bytes, as: UTF8.self) } == #"{"id":"a","x":{"y":3},"n":null,"new":true}"#
            )
            #expect(throws: InvalidDocument.self) { try articles.patch(id: "a", set: ["id": "b"], in: db) }
            #expect(try articles.patch(id: "none", set: [:], in: db) == nil)
        }
    }

    @Test func `A query filters, sorts and pages`() throws {
        let queue = try DocumentStorage.inMemory()
        try queue.write { db in
            let articles = try Collection.create("articles", in: db)
            for n in 0..<10 {
                try articles.insert(
                    ["id": .string("a\(n)"), "n": .int(Int64(n % 5)), "title": .string("Title \(n)")], in: db)
            }
            var query = Query(
                filter: .condition(Condition("n", .greater(1))), sort: [.init("n", .descending)],
                page: .init(1, limit: 3))
            func ids() throws -> [String?] { try articles.find(query, in: db).map { try $0.json["id"]?.stringValue } }
            #expect(try ids() == ["a9", "a4", "a8"])
            query.page.number = 2
            #expect(try ids() == ["a3", "a7", "a2"])
            #expect(try articles.count(query.filter, in: db) == 6)
            query = Query(search: .init("TITLE 7"))
            #expect(try ids() == ["a7"])
        }
    }
}
