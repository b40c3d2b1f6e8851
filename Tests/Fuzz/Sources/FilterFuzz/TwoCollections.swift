import BkendDocuments
import BkendWire
import GRDB

/// The same documents in two collections, one of which has indexes.
final class TwoCollections: Sendable {
    static let shared = try! TwoCollections()  // Nothing to fuzz without it.

    private let database: DatabaseQueue
    private let plain: BkendDocuments.Collection
    private let indexed: BkendDocuments.Collection

    private init() throws {
        database = try DocumentStorage.inMemory()
        (plain, indexed) = try database.write { db in
            let plain = try BkendDocuments.Collection.create("plain", in: db)
            var indexed = try BkendDocuments.Collection.create("indexed", in: db)
            for index in Self.indexes { try indexed.createIndex(index, in: db) }
            try indexed.enableSearch(in: db)
            for (number, document) in Self.documents.enumerated() {
                var document = document
                document["id"] = .string("d\(number)")
                try plain.insert(document, in: db)
                try indexed.insert(document, in: db)
            }
            return (plain, indexed)
        }
    }

    /// Asks both, and stops the process when they don't answer alike.
    func ask(_ input: FilterInput) {
        guard let query = try? Query(queryItems: input.items) else { return }
        guard let items = try? query.queryItems(), let again = try? Query(queryItems: items),
            (try? again.queryItems()) == items
        else { fatalError("the query isn't read back as it was written") }
        let (one, other, written) = (answer(plain, query), answer(indexed, query), answer(plain, again))
        if [one, other, written].contains(.limit) { return }
        precondition(one == other, "without indexes \(one), with indexes \(other)")
        precondition(one == written, "as read \(one), written and read again \(written)")
    }

    private enum Answer: Equatable {
        case page([String], total: Int)
        case invalidPattern
        /// A limit was met. With an index fewer documents are tried, so that the other may have an answer.
        case limit
    }

    private func answer(_ collection: BkendDocuments.Collection, _ query: Query) -> Answer {
        do {
            return try database.read { db in
                var texts: [String] = []
                let total = try collection.page(query, in: db) { texts.append(String(decoding: $0, as: UTF8.self)) }
                let count = try collection.count(query.filter, search: query.search, in: db)
                precondition(total == count, "the page says \(total) match, counting says \(count)")
                return .page(texts, total: total)
            }
        } catch is InvalidPattern {
            return .invalidPattern
        } catch is PatternLimitExceeded {
            return .limit
        } catch {
            fatalError("\(error)")
        }
    }

    private static let indexes = [
        IndexDefinition(name: "a", fields: [.init("a")]),
        IndexDefinition(name: "b", fields: [.init("a.b", descending: true)]),
        IndexDefinition(name: "0", fields: [.init("a.0"), .init("n", descending: true)], sparse: true),
        IndexDefinition(name: "two", fields: [.init("s"), .init("v")]),
        IndexDefinition(name: "v", fields: [.init("v", descending: true)]),
        IndexDefinition(name: "n", fields: [.init("n")], sparse: true),
    ]

    private static let values: [JSON] = [
        1, 1.5, 0, -0.0, .int(.max), .int(.min), 1e308, 5e-324, 9_007_199_254_740_993, "1", "", "a", "A", "aé",
        "ae\u{301}",
        "a\u{0}b", "\u{FFFF}", "\u{10000}", "line\nline", true, false, nil, [], [1], ["1"], [true], [nil], [[]], [[1]],
        [1, [1]], [:], ["b": 1], ["b": [1]], ["b": nil], ["b": 1, "c": 2], ["c": 2, "b": 1], ["0": 1], [[:]],
        [["b": 1], ["b": [2]]], [["b": 1], 1], ["b": ["c": ["d": 1]]], [["b": [["c": 1]]]],
        .string(String(repeating: "a", count: 30) + "!"),
    ]

    private static let documents: [JSONObject] =
        values.enumerated().map { number, value in
            let other = values[(number * 7 + 3) % values.count]
            var document: JSONObject = ["a": value, "v": other]
            if !number.isMultiple(of: 3) { document["n"] = .int(Int64(number % 5)) }
            if !number.isMultiple(of: 4) { document["s"] = values[(number * 5 + 1) % values.count] }
            return document
        } + [[:], ["s": "a"]]
}
