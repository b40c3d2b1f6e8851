import BkendWire
import GRDB
import Testing

@testable import BkendDocuments

@Suite struct CollectionTests {
    @Test("A document comes back as it was stored")
    func documentComesBack() throws {
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

    @Test("A patch sets fields whole, keeps their order and stores null")
    func patchSetsFields() throws {
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

    @Test("A query filters, sorts and pages")
    func queryFiltersSorts() throws {
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

    @Test("A collection's name is a value, whatever it spells")
    func collectionsNameValue() throws {
        let names = ["a", "A", "é", "e\u{301}", "c1", "sqlite_x", "x'; DROP TABLE c1; --", "\"", "$where"]
        try DocumentStorage.inMemory().write { db in
            for name in names {
                var things = try Collection.create(name, in: db)
                let field = IndexDefinition.Field("x'\"; --")
                try things.createIndex(IndexDefinition(name: name, fields: [field]), in: db)
                try things.insert(["id": .string(name)], in: db)
            }
            #expect(try Collection.names(in: db).map { Array($0.utf8) }.count == names.count)
            #expect(throws: CollectionError.self) { try Collection.create("a", in: db) }
            #expect(throws: CollectionError.self) { try Collection.create("", in: db) }
            for name in names {
                let things = try #require(try Collection.named(name, in: db))
                #expect(try things.count(in: db) == 1)
                try things.drop(in: db)
                #expect(throws: CollectionError.self) { try things.count(in: db) }
            }
            #expect(try Collection.names(in: db) == [])
            #expect(try Int.fetchOne(db, sql: "SELECT count(*) FROM bkend_indexes") == 0)
        }
    }

    @Test("Documents are found by several ids, replaced and deleted")
    func documentsFoundSeveral() throws {
        try DocumentStorage.inMemory().write { db in
            let things = try Collection.create("things", in: db)
            for id in ["a", "b", "c"] { try things.insert(["id": .string(id), "n": 1], in: db) }
            #expect(try things.documents(ids: ["c", "x", "a"], in: db).map { try $0.json["id"] } == ["c", "a"])
            #expect(try things.replace(["id": "b", "m": 2], in: db))
            #expect(try things.document(id: "b", in: db)?.json == ["id": "b", "m": 2])
            #expect(try !things.replace(["id": "x"], in: db))
            #expect(try things.delete(id: "a", in: db))
            #expect(try !things.delete(id: "a", in: db))
            #expect(try things.count(in: db) == 2)
            for document: JSONObject in [[:], ["id": ""], ["id": 1], ["id": nil]] {
                #expect(throws: InvalidDocument.self) { try things.insert(document, in: db) }
            }
        }
    }
}
