import BkendWire
import GRDB
import Testing

@testable import BkendDocuments

@Suite struct SortTests {
    static let documents: [JSONObject] = [
        ["id": "bool", "a": true], ["id": "array", "a": [[1]]], ["id": "object", "a": ["b": 1]],
        ["id": "string", "a": "x"],
        ["id": "number", "a": 7], ["id": "null", "a": nil], ["id": "missing"], ["id": "empty", "a": []],
        ["id": "mixed", "a": [3, "y", false]],
    ]

    @Test("Types sort in MongoDB's order, arrays by their least or greatest element")
    func typesSortMongodbs() throws {
        try withCollection(Self.documents) { collection, db throws in
            let up = try collection.ids(Query(sort: [.init("a", .ascending)]), in: db)
            #expect(up == ["empty", "missing", "null", "mixed", "number", "string", "object", "array", "bool"])
            let down = try collection.ids(Query(sort: [.init("a", .descending)]), in: db)
            #expect(down == ["bool", "mixed", "array", "object", "string", "number", "null", "missing", "empty"])
        }
    }

    @Test("Ties break by id in the direction of the last field", arguments: [false, true])
    func tiesBreakId(indexed: Bool) throws {
        let documents: [JSONObject] = (0..<9).map { ["id": .string("\($0)"), "a": .int($0 % 3), "b": .int($0 % 2)] }
        let indexes =
            indexed
            ? [
                IndexDefinition(name: "a", fields: [.init("a")]),
                IndexDefinition(name: "ab", fields: [.init("a"), .init("b", descending: true)]),
            ] : []
        try withCollection(documents.shuffled(), indexes: indexes) { collection, db throws in
            func ids(_ sort: Query.Sort...) throws -> String { try collection.ids(Query(sort: sort), in: db).joined() }
            #expect(try ids(.init("a", .ascending)) == "036147258")
            #expect(try ids(.init("a", .descending)) == "852741630")
            #expect(try ids(.init("a", .ascending), .init("b", .descending)) == "360714582")
            #expect(try ids() == "876543210")
            #expect(try ids(.init("a", .ascending), .init("id", .descending)) == "630741852")
            let sorts = try collection.explain(Query(sort: [.init("a", .descending)]), in: db).sorts
            #expect(sorts == !indexed)
        }
    }

    @Test("A page continues where the one before ended")
    func pageContinuesWhere() throws {
        let documents: [JSONObject] = (0..<25).map { ["id": .string("i\(100 + $0)"), "a": .int($0 / 10)] }
        try withCollection(documents) { collection, db throws in
            var all: [String] = []
            for page in 1...4 {
                all += try collection.ids(Query(sort: [.init("a")], page: .init(page, limit: 7)), in: db)
            }
            #expect(all == documents.compactMap { $0["id"]?.stringValue })
            #expect(try collection.ids(Query(page: .init(.max, limit: .max)), in: db) == [])
        }
    }
}
