import BkendWire
import GRDB

@testable import BkendDocuments

/// Random transactions over two collections, each of them a few inserts, patches, replacements and deletions, now and
/// then an index that comes or goes.
struct RandomWrites {
    static let collections = ["things", "parts"]
    static let words = ["alpha", "beta", "gamma", "delta"]
    private static let indexes = [
        IndexDefinition(name: "a", fields: [.init("a")]),
        IndexDefinition(name: "b.c", fields: [.init("b.c"), .init("a", descending: true)]),
        IndexDefinition(name: "title", fields: [.init("title", descending: true)]),
    ]

    /// Thrown by a transaction that takes everything back.
    struct TakenBack: Error {}

    private var random: SeededGenerator
    private var made = 0

    init(seed: UInt64) { random = SeededGenerator(seed: seed) }

    /// The collections, a unique index, a search index, some documents.
    mutating func prepare(_ db: Database) throws {
        for name in Self.collections {
            var collection = try BkendDocuments.Collection.create(name, in: db)
            try collection.createIndex(
                IndexDefinition(name: "number", fields: [.init("number")], unique: true), in: db)
            if name == "things" { try collection.enableSearch(in: db) }
            for _ in 0..<10 { try collection.insert(document(), in: db) }
        }
    }

    /// One transaction's work.
    ///
    /// - Throws: `TakenBack` one time in ten, after its changes.
    mutating func write(_ db: Database) throws {
        for _ in 0..<Int.random(in: 1...4, using: &random) { try change(db) }
        if Int.random(in: 0..<10, using: &random) == 0 { throw TakenBack() }
    }

    private mutating func change(_ db: Database) throws {
        let name = Self.collections[Int.random(in: 0...1, using: &random)]
        guard var collection = try BkendDocuments.Collection.named(name, in: db) else { return }
        let ids = try String.fetchAll(db, sql: "SELECT id FROM \(collection.table.name) ORDER BY id")
        let id = ids.randomElement(using: &random) ?? "none"
        switch Int.random(in: 0..<20, using: &random) {
        case 0: try toggleIndex(&collection, db)
        case 1: try toggleSearch(&collection, db)
        case 2..<9: try collection.insert(document(), in: db)
        case 9..<15: _ = try collection.patch(id: id, set: ["a": value(), "title": .string(title())], in: db)
        case 15..<17:
            var replacement = document()
            replacement["id"] = .string(id)
            _ = try collection.replace(replacement, in: db)
        default: _ = try collection.delete(id: id, in: db)
        }
    }

    private mutating func toggleIndex(_ collection: inout BkendDocuments.Collection, _ db: Database) throws {
        let index = Self.indexes[Int.random(in: 0..<Self.indexes.count, using: &random)]
        if collection.indexes.contains(where: { $0.name == index.name }) {
            try collection.dropIndex(named: index.name, in: db)
        } else {
            try collection.createIndex(index, in: db)
        }
    }

    private mutating func toggleSearch(_ collection: inout BkendDocuments.Collection, _ db: Database) throws {
        if collection.isSearchable {
            try collection.disableSearch(in: db)
        } else {
            try collection.enableSearch(in: db)
        }
    }

    /// A document of another id and number than all before.
    mutating func document() -> JSONObject {
        made += 1
        var document = RandomJSON.object(depth: 2, using: &random)
        document["id"] = .string("id\(made)")
        document["number"] = .int(Int64(made))
        document["title"] = .string(title())
        document["filler"] = .string(String(repeating: "x", count: Int.random(in: 0...3000, using: &random)))
        return document
    }

    private mutating func value() -> JSON { RandomJSON.value(depth: 2, using: &random) }

    private mutating func title() -> String {
        (0..<Int.random(in: 0...5, using: &random)).map { _ in Self.words.randomElement(using: &random) ?? "" }
            .joined(separator: " ")
    }
}
