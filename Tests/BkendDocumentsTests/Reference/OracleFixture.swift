import BkendWire
import Foundation
import Testing

@testable import BkendDocuments

/// What the oracle has frozen: documents, queries as a client sends them, and MongoDB's answers
/// (`Tests/Fixtures/oracle`, Tests/Oracle/README.md).
enum OracleFixture {
    /// One query, and the ids of its page in order with the total.
    struct Question: Sendable {
        var items: [QueryItem]
        var ids: [String]
        var total: Int

        /// The query, read from the text that a server would get.
        var query: Query { get throws { try Query(queryItems: QueryItem.decode(QueryItem.encode(items)[...])) } }

        init(_ json: JSON) throws {
            guard let parameters = json["parameters"]?.objectValue, let expected = json["expected"]?.objectValue,
                let ids = expected["ids"]?.arrayValue, let total = expected["total"]?.intValue
            else { throw Unreadable() }
            items = parameters.map { QueryItem($0.key, $0.value.stringValue ?? "") }
            self.ids = ids.compactMap(\.stringValue)
            self.total = Int(total)
        }
    }

    /// A decided case of `frozen.json`.
    struct Known: Sendable, CustomTestStringConvertible {
        var name: String
        var documents: [JSONObject]
        var question: Question

        var testDescription: String { name }

        init(_ json: JSON) throws {
            name = json["name"]?.stringValue ?? ""
            documents = try OracleFixture.documents(json)
            question = try Question(json)
        }

        /// The paths that the query's filter and order use.
        var paths: [String] {
            var paths: [String] = []
            for item in question.items {
                switch item.name {
                case "andFilters", "orFilters": paths += (try? JSON(parsing: item.value))?.objectValue?.keys ?? []
                case "sortBy": paths.append(item.value)
                default: break
                }
            }
            return Array(Set(paths.map(ExactString.init))).map(\.string).sorted()
        }
    }

    /// A set of `replay.jsonl` or `matrix.jsonl`: documents, and what is asked of them.
    struct QuestionSet: Sendable, CustomTestStringConvertible {
        var name: String
        var documents: [JSONObject]
        var indexes: [IndexDefinition]
        var questions: [Question]

        var testDescription: String { name }

        init(_ json: JSON) throws {
            guard let indexes = json["indexes"]?.arrayValue, let questions = json["queries"]?.arrayValue else {
                throw Unreadable()
            }
            name = json["set"]?.stringValue ?? ""
            documents = try OracleFixture.documents(json)
            self.indexes = try indexes.enumerated().map { number, index in
                guard let fields = index["fields"]?.objectValue else { throw Unreadable() }
                return IndexDefinition(
                    name: "i\(number)", fields: fields.map { .init($0.key, descending: $0.value == -1) },
                    sparse: index["sparse"] == true)
            }
            self.questions = try questions.map(Question.init)
        }
    }

    struct Unreadable: Error {}

    /// The decided cases.
    static func known() throws -> [Known] {
        try json(text("frozen.json")[...]).arrayValue?.map(Known.init) ?? []
    }

    /// The generated sets.
    static func replay() throws -> [QuestionSet] { try sets("replay.jsonl") }

    /// The operator matrix: one path that holds a value of every kind, every operator with every kind of operand.
    static func matrix() throws -> [QuestionSet] { try sets("matrix.jsonl") }

    private static func sets(_ name: String) throws -> [QuestionSet] {
        try text(name).split(separator: "\n").map { try QuestionSet(json($0)) }
    }

    private static func documents(_ json: JSON) throws -> [JSONObject] {
        guard let documents = json["documents"]?.arrayValue else { throw Unreadable() }
        return documents.compactMap(\.objectValue)
    }

    private static func json(_ text: Substring) throws -> JSON {
        try JSON(parsing: String(text), limits: JSONLimits(depth: 64))
    }

    private static func text(_ name: String) throws -> String {
        var folder = URL(filePath: #filePath).resolvingSymlinksInPath()
        while folder.lastPathComponent != "Tests", folder.pathComponents.count > 1 { folder.deleteLastPathComponent() }
        return try String(contentsOf: folder.appending(path: "Fixtures/oracle/\(name)"), encoding: .utf8)
    }
}
