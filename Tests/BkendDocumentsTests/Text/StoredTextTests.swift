import BkendWire
import GRDB
import Testing

@testable import BkendDocuments

/// Texts as other servers write them: escapes, white space, numbers in any spelling.
@Suite struct StoredTextTests {
    static let text = #"""
         { "\u0069d" : "\u0061\u0062" , "n":1e2 , "m" : -0.0, "k\u0065y" : [ 1 , "\u0000x" , { "a\/b" : "\ud83d\ude00" } ] ,
          "big":9007199254740993, "s" : "a\"b\\c\n" , "\u0000" : true, "e": { } , "l" : [ ] }
        """#

    @Test("A filter sees the values, not their spelling", arguments: [false, true])
    func filterSeesValues(indexed: Bool) throws {
        let paths = ["n", "m", "key", "big", "s", "e", "l", "key.2.a/b", "\u{0}"]
        let indexes = indexed ? paths.dropLast().map { IndexDefinition(name: $0, fields: [.init($0)]) } : []
        try withCollection(indexes: indexes) { collection, db throws in
            try collection.insert(text: Array(Self.text.utf8), id: "ab", in: db)
            #expect(try collection.document(id: "ab", in: db)?.bytes == Array(Self.text.utf8))
            let filters: [Filter] = [
                field("n", .equals(100)), field("m", .equals(0)), field("key", .equals("\u{0}x")),
                field("big", .equals(.int(9_007_199_254_740_993))), field("s", .equals("a\"b\\c\n")),
                field("key.2.a/b", .equals("😀")), field("key.a/b", .regex(pattern: "^.$", options: "")),
                field("s", .contains("B\\C")), field("\u{0}", .equals(true)), field("e", .equals([:])),
                field("l", .equals([])), field("id", .equals("ab")),
                field("key", .regex(pattern: "^.x$", options: "s")),
            ]
            for filter in filters { #expect(try collection.count(filter, in: db) == 1, "\(filter)") }
            #expect(try collection.count(field("big", .equals(.int(9_007_199_254_740_992))), in: db) == 0)
            #expect(try collection.count(search: .init("A\"b"), in: db) == 1)
            let selected = try collection.find(Query(select: ["key.a/b"]), in: db)
            #expect(try selected[0].json == ["key": [["a/b": "😀"]]])
            #expect(try collection.patch(id: "ab", set: ["n": 1], in: db)?.json["big"] == .int(9_007_199_254_740_993))
            #expect(try collection.delete(id: "ab", in: db))
            #expect(try collection.count(field("n", .exists(true)), in: db) == 0)
        }
    }

    @Test(
        "A text that is no document of that id is refused",
        arguments: [
            (#"{"id":"a","x":1,}"#, "a"), (#"{"id":"a","id":"a"}"#, "a"), ("[]", "a"), (#"{"id":1}"#, "a"), ("{}", "a"),
            (#"{"id":"b"}"#, "a"), (#"{"id":"a"} x"#, "a"), (#"{"id":""}"#, ""), ("", "a"),
            (#"{"id":"a","n":1e309}"#, "a"),
        ])
    func textNoDocument(text: String, id: String) throws {
        try withCollection { collection, db throws in
            #expect(throws: InvalidDocument.self) { try collection.insert(text: Array(text.utf8), id: id, in: db) }
            #expect(try collection.count(in: db) == 0)
        }
    }

    @Test("An id may be any text")
    func idMayAny() throws {
        try withCollection { collection, db throws in
            try collection.createIndex(IndexDefinition(name: "n", fields: [.init("n", descending: true)]), in: db)
            let ids = ["a", "a\u{0}", "a\u{0}b", "é", "e\u{301}", "'; DROP TABLE c1; --", "$x.y", "😀"]
            for id in ids { try collection.insert(["id": .string(id), "n": 1], in: db) }
            let sorted = ids.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
            func found(_ query: Query) throws -> [[UInt8]] { try collection.ids(query, in: db).map { Array($0.utf8) } }
            #expect(try found(Query(sort: [.init("n")])) == sorted.map { Array($0.utf8) })
            #expect(try found(Query(sort: [.init("id")])) == sorted.map { Array($0.utf8) })
            #expect(try found(Query(filter: field("id", .greater("a\u{0}")), sort: [.init("id")])).count == 4)
            for id in ids { #expect(try collection.document(id: id, in: db)?.json["id"] == .string(id)) }
        }
    }

    @Test("A damaged text is an error, not an empty document")
    func damagedTextError() throws {
        try withCollection([["id": "a", "n": 1]]) { collection, db throws in
            try db.execute(sql: "UPDATE c1 SET document = 'garbage'")
            #expect(throws: DamagedDocument.self) { try collection.count(field("n", .equals(1)), in: db) }
            #expect(throws: DamagedDocument.self) { try collection.document(id: "a", in: db)?.json }
            for cut in [#"{"id":"a","n":[1,"#, #"{"id":"a","n":"x\"#, #"{"n":{"#, "{", #"{"n":-"#] {
                try db.execute(sql: "UPDATE c1 SET document = ?", arguments: [cut])
                _ = try collection.count(field("n.0.x", .equals(1)), in: db)
                _ = try collection.count(field("n", .greater([1])), in: db)
                _ = try collection.find(Query(filter: field("n", .contains("x")), sort: [.init("n")]), in: db)
            }
        }
    }
}
