import BkendWire
import Foundation
import GRDB

@testable import BkendDocuments

/// What must hold of a whole database, recomputed from its documents.
enum CollectionAudit {
    /// Everything that is wrong, in words; empty when all is well.
    static func faults(in db: Database) throws -> [String] {
        var faults = try String.fetchAll(db, sql: "PRAGMA integrity_check").filter { $0 != "ok" }
        faults += try Row.fetchAll(db, sql: "PRAGMA foreign_key_check").map { "foreign key: \($0)" }
        for name in try BkendDocuments.Collection.names(in: db) {
            guard let collection = try BkendDocuments.Collection.named(name, in: db) else {
                faults.append("\(name) is listed and not there")
                continue
            }
            let documents = try documents(of: collection, in: db)
            faults += try counts(of: collection, documents, in: db)
            for index in collection.state.indexes { faults += try entries(of: index, collection, documents, in: db) }
            faults += try search(of: collection, documents, in: db)
        }
        return faults
    }

    /// Every document's text by collection and id.
    static func contents(of db: Database) throws -> [String: [String: String]] {
        var contents: [String: [String: String]] = [:]
        for name in try BkendDocuments.Collection.names(in: db) {
            guard let collection = try BkendDocuments.Collection.named(name, in: db) else { continue }
            contents[name] = Dictionary(
                try documents(of: collection, in: db).map { ($0.id, String(decoding: $0.text, as: UTF8.self)) },
                uniquingKeysWith: { "\($0) and \($1)" })
        }
        return contents
    }

    private typealias Stored = (row: Int64, id: String, text: [UInt8])

    private static func documents(of collection: BkendDocuments.Collection, in db: Database) throws -> [Stored] {
        try Row.fetchAll(db, sql: "SELECT row, id, CAST(document AS BLOB) FROM \(collection.table.name)").map { row in
            (
                try row.decode(Int64.self, atIndex: 0), try row.decode(String.self, atIndex: 1),
                Array(try row.decode(Data.self, atIndex: 2))
            )
        }
    }

    private static func counts(
        of collection: BkendDocuments.Collection, _ documents: [Stored], in db: Database
    ) throws -> [String] {
        let counted = try collection.count(in: db)
        return counted == documents.count
            ? [] : ["\(collection.name): \(documents.count) documents, counted \(counted)"]
    }

    private static func entries(
        of index: StoredIndex, _ collection: BkendDocuments.Collection, _ documents: [Stored], in db: Database
    ) throws -> [String] {
        var expected: [[UInt8]: Int64] = [:]
        var keys = IndexKeys(index, collection: collection.name)
        for document in documents {
            try keys.load(document.text, id: document.id)
            for entry in keys.entries { expected[entry.key] = document.row }
            if keys.meetsArray, !index.isMultikey { return ["\(index.table): an array it doesn't know of"] }
        }
        var found: [[UInt8]: Int64] = [:]
        for row in try Row.fetchAll(db, sql: "SELECT key, row FROM \(index.table)") {
            found[Array(try row.decode(Data.self, atIndex: 0))] = try row.decode(Int64.self, atIndex: 1)
        }
        return found == expected ? [] : ["\(index.table): \(found.count) entries, not the \(expected.count) expected"]
    }

    private static func search(
        of collection: BkendDocuments.Collection, _ documents: [Stored], in db: Database
    ) throws -> [String] {
        guard collection.isSearchable else { return [] }
        return try RandomWrites.words.compactMap { word in
            var query = Query(sort: [.init("id")], page: .init(1, limit: .max))
            query.search = Query.Search(word, in: "title")
            let found = try collection.ids(query, in: db)
            let expected = try documents.filter {
                try DocumentText(bytes: $0.text).json["title"]?.stringValue?.contains(word) == true
            }.map(\.id).sorted()
            return found == expected ? nil : "search for \(word): \(found), not \(expected)"
        }
    }
}
