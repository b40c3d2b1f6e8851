import BkendWire
import GRDB
import Testing

@testable import BkendDocuments

/// The oracle's cases, asked of a collection in memory: the cache must answer as the server does, and both as MongoDB.
@Suite struct OracleReplayTests {
    @Test("A decided case has MongoDB's answer, whatever the indexes", arguments: try OracleFixture.known())
    func decidedCaseMongodbs(known: OracleFixture.Known) throws {
        for indexes in Self.indexes(on: known.paths) {
            try withCollection(known.documents, indexes: indexes) { collection, db throws in
                try Self.ask(known.question, of: collection, note: "\(indexes.map(\.json))", in: db)
            }
        }
    }

    @Test(
        "A generated case has the evaluator's answer, with indexes and without", arguments: try OracleFixture.replay())
    func generatedCaseEvaluators(set: OracleFixture.QuestionSet) throws {
        for indexes in [[], set.indexes] {
            try withCollection(set.documents, indexes: indexes) { collection, db throws in
                for question in set.questions {
                    try Self.ask(question, of: collection, note: "\(indexes.map(\.json))", in: db)
                }
            }
        }
    }

    @Test(
        "Every operator with every kind of operand has the evaluator's rows, whatever the indexes",
        arguments: try OracleFixture.matrix(), OperatorMatrixTests.indexes)
    func everyOperatorEvery(
        set: OracleFixture.QuestionSet, indexes: [IndexDefinition]
    ) throws {
        try withCollection(set.documents, indexes: indexes) { collection, db throws in
            for question in set.questions {
                try Self.ask(question, of: collection, note: "\(indexes.map(\.json))", in: db)
            }
        }
    }

    @Test("The files hold what they should")
    func filesHoldWhat() throws {
        #expect(try OracleFixture.known().count >= 60)
        #expect(try OracleFixture.matrix().map(\.questions.count).reduce(0, +) >= 900)
        #expect(try OracleFixture.replay().map(\.questions.count).reduce(0, +) >= 2_500)
    }

    private static func ask(
        _ question: OracleFixture.Question, of collection: BkendDocuments.Collection, note: String, in db: Database
    ) throws {
        let query = try question.query
        var ids: [String] = []
        let total = try collection.page(query, in: db) { text in
            ids.append(try JSON(parsing: Array(text))["id"]?.stringValue ?? "?")
        }
        let asked = question.items.map { "\($0.name)=\($0.value)" }.joined(separator: " ")
        #expect(ids == question.ids, "\(asked) \(note)")
        #expect(total == question.total, "\(asked) \(note)")
        #expect(try collection.ids(query, in: db) == question.ids, "find: \(asked) \(note)")
        let count = try collection.count(query.filter, search: query.search, in: db)
        #expect(count == question.total, "count: \(asked) \(note)")
    }

    /// None; one on each path in each direction; sparse ones; one on all of them.
    private static func indexes(on paths: [String]) -> [[IndexDefinition]] {
        let fields = paths.filter { $0 != "id" }
        if fields.isEmpty { return [[]] }
        let single = { (name: String, descending: Bool, sparse: Bool) in
            fields.map {
                IndexDefinition(name: "\(name) \($0)", fields: [.init($0, descending: descending)], sparse: sparse)
            }
        }
        let all = IndexDefinition(name: "all", fields: fields.map { .init($0) })
        return [[], single("up", false, false), single("down", true, false), single("sparse", false, true), [all]]
    }
}
