import BkendWire
import GRDB
import Testing

@testable import BkendDocuments

/// One path that holds everything, every operator, and the answers that MongoDB gives (its manual, "Comparison Query
/// Operators", "Query for Null or Missing Fields", "Query an Array"; its matcher where the manual is silent).
@Suite struct OperatorMatrixTests {
    static let documents: [JSONObject] = [
        ["id": "1", "a": 1], ["id": "s", "a": "1"], ["id": "t", "a": true], ["id": "n", "a": nil], ["id": "m"],
        ["id": "[1]", "a": [1]], ["id": "[s]", "a": ["1"]], ["id": "[t]", "a": [true]], ["id": "[n]", "a": [nil]],
        ["id": "[]", "a": []], ["id": "[[1]]", "a": [[1]]], ["id": "[[]]", "a": [[]]], ["id": "{b}", "a": ["b": 1]],
        ["id": "{}", "a": [:]], ["id": "[{b}]", "a": [["b": 1]]], ["id": "{[b]}", "a": ["b": [1]]],
        ["id": "5", "a": 5.0], ["id": "[1,9]", "a": [1, 9]],
    ]

    static let answers: [(Filter, String)] = [
        (field("a", .equals(1)), "1 [1] [1,9]"), (field("a", .equals(1.0)), "1 [1] [1,9]"),
        (field("a", .equals("1")), "s [s]"), (field("a", .equals(true)), "t [t]"),
        (field("a", .equals(nil)), "n m [n]"), (field("a", .equals([1])), "[1] [[1]]"),
        (field("a", .equals([])), "[] [[]]"), (field("a", .equals([[1]])), "[[1]]"),
        (field("a", .equals(["b": 1])), "{b} [{b}]"), (field("a", .equals([:])), "{}"),
        (field("a", .equals(0)), ""), (field("a", .equals(false)), ""),
        (field("a", .greater(0)), "1 [1] 5 [1,9]"), (field("a", .greater(1)), "5 [1,9]"),
        (field("a", .greater(1), .less(5)), "[1,9]"), (field("a", .less(5)), "1 [1] [1,9]"),
        (field("a", .lessOrEqual(5)), "1 [1] 5 [1,9]"), (field("a", .greaterOrEqual("")), "s [s]"),
        (field("a", .greaterOrEqual(false)), "t [t]"), (field("a", .greater(nil)), ""), (field("a", .less(nil)), ""),
        (field("a", .greaterOrEqual(nil)), "n m [n]"), (field("a", .lessOrEqual(nil)), "n m [n]"),
        (field("a", .greater([])), "[1] [s] [t] [n] [[1]] [[]] [{b}] [1,9]"),
        (field("a", .greaterOrEqual([1])), "[1] [s] [t] [[1]] [[]] [{b}] [1,9]"),
        (field("a", .less([1])), "[n] [] [[]]"),
        (field("a", .greater([:])), "{b} [{b}] {[b]}"),
        (field("a", .isIn([1, nil, "1"])), "1 s n m [1] [s] [n] [1,9]"), (field("a", .isIn([])), ""),
        (field("a", .isIn([[], true])), "t [t] [] [[]]"),
        (field("a", .exists(true)), "1 s t n [1] [s] [t] [n] [] [[1]] [[]] {b} {} [{b}] {[b]} 5 [1,9]"),
        (field("a", .exists(false)), "m"), (field("a", .regex(pattern: "^1$", options: "")), "s [s]"),
        (field("a", .contains("1")), "s [s]"), (field("a", .contains(1)), "[1] [1,9]"),
        (field("a", .contains([1])), "[[1]]"), (field("a", .contains(nil)), "[n]"),
        (field("a.b", .equals(1)), "{b} [{b}] {[b]}"), (field("a.b", .equals([1])), "{[b]}"),
        (field("a.b", .equals(nil)), "1 s t n m {} 5"), (field("a.b", .exists(true)), "{b} [{b}] {[b]}"),
        (field("a.b", .exists(false)), "1 s t n m [1] [s] [t] [n] [] [[1]] [[]] {} 5 [1,9]"),
        (field("a.0", .equals(1)), "[1] [1,9]"), (field("a.1", .equals(9)), "[1,9]"),
        (field("a.0", .equals([1])), "[[1]]"), (field("a.0.0", .equals(1)), "[[1]]"),
        (field("a.0.b", .equals(1)), "[{b}]"), (field("a.00", .equals(1)), ""),
    ]

    static let indexes: [[IndexDefinition]] = [
        [], [IndexDefinition(name: "up", fields: [.init("a")]), IndexDefinition(name: "b", fields: [.init("a.b")])],
        [IndexDefinition(name: "down", fields: [.init("a", descending: true)])],
        [IndexDefinition(name: "two", fields: [.init("a"), .init("id", descending: true)])],
        [IndexDefinition(name: "sparse", fields: [.init("a")], sparse: true)],
        [
            IndexDefinition(name: "0", fields: [.init("a.0")]),
            IndexDefinition(name: "0b", fields: [.init("a.0.b", descending: true)]),
            IndexDefinition(name: "bb", fields: [.init("a.b.b")], sparse: true),
            IndexDefinition(name: "b a", fields: [.init("a.b"), .init("a", descending: true)]),
        ],
    ]

    @Test("Every operator gives MongoDB's rows, whatever the indexes", arguments: indexes)
    func everyOperatorGives(
        indexes: [IndexDefinition]
    ) throws {
        try withCollection(Self.documents, indexes: indexes) { collection, db throws in
            for (filter, answer) in Self.answers {
                let expected = Set(answer.split(separator: " ").map(String.init))
                #expect(try Set(collection.ids(filter, in: db)) == expected, "\(filter)")
                #expect(try collection.count(filter, in: db) == expected.count, "\(filter)")
                let negated = Set(Self.documents.compactMap { $0["id"]?.stringValue }).subtracting(expected)
                #expect(try Set(collection.ids(.not(filter), in: db)) == negated, "not \(filter)")
            }
        }
    }

    @Test("Operators ne and nin match what eq and in don't, missing fields too")
    func operatorsNeNin() throws {
        try withCollection(Self.documents, indexes: Self.indexes[1]) { collection, db throws in
            for value: JSON in [1, "1", true, nil, [1], [:]] {
                #expect(
                    try collection.ids(field("a", .notEquals(value)), in: db)
                        == collection.ids(.not(field("a", .equals(value))), in: db))
                #expect(
                    try collection.ids(field("a", .isNotIn([value, 5])), in: db)
                        == collection.ids(.not(field("a", .isIn([value, 5]))), in: db))
            }
        }
    }

    @Test("A dotted path and null answer as MongoDB's own test of null semantics says")
    func dottedPathNull() throws {
        // jstests/core/null_query_semantics.js: arrays without objects have no "a.b" at all, neither null nor missing.
        let documents: [JSONObject] = [
            ["id": "allNull", "a": [["b": nil], [:]]], ["id": "none", "a": [["b": 1], ["b": "x"]]],
            ["id": "someNull", "a": [["b": nil], ["b": 3]]], ["id": "someMissing", "a": [["b": 3], [:]]],
            ["id": "values", "a": [1, "x", nil]], ["id": "nested", "a": [[]]], ["id": "empty", "a": []],
        ]
        try withCollection(documents, indexes: [IndexDefinition(name: "b", fields: [.init("a.b")])]) {
            collection, db throws in
            #expect(
                try collection.ids(field("a.b", .equals(nil)), in: db) == ["allNull", "someMissing", "someNull"])
            #expect(
                try collection.ids(field("a.b", .notEquals(nil)), in: db) == ["empty", "nested", "none", "values"])
        }
    }
}
