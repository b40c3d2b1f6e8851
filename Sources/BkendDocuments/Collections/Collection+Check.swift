import BkendWire
import GRDB

/// Something about a collection that should not be.
package struct CollectionFinding: Hashable, Sendable {
    /// What kind of thing is wrong.
    package enum Kind: String, Sendable {
        /// A document's text.
        case document
        /// An index without an entry that a document asks for, or with one that none does.
        case index
        /// The number of documents in the catalogue.
        case count
    }

    /// What kind of thing is wrong.
    package let kind: Kind
    /// The document, where it is about one.
    package let id: String?
    /// One sentence.
    package let message: String
}

extension Collection {
    /// Looks at every document and every index entry: each entry that a document asks for must be there, and no other;
    /// the catalogue's number of documents must be the real one. Memory is bounded by the longest document.
    ///
    /// - Parameter visit: called for each document, for the caller's own checks.
    package func check(
        in db: Database, finding: (CollectionFinding) throws -> Void,
        visit: (String, UnsafeBufferPointer<UInt8>) throws -> Void
    ) throws {
        // One that is being filled has yet to get entries, and is asked for nothing.
        let indexes = try current(in: db).indexes.filter { !$0.isBuilding }
        var keys = indexes.map { IndexKeys($0, collection: name) }
        var expected = [Int](repeating: 0, count: indexes.count)
        var count = 0
        try db.run("SELECT row, id, document FROM \(table.name) ORDER BY row") { documents in
            while try documents.step() {
                count += 1
                let (row, id, text) = (documents.int(0), documents.text(1), Array(documents.bytes(2)))
                do throws(InvalidDocument) { try check(text, id: id) } catch {
                    try finding(.init(kind: .document, id: id, message: "\(error)"))
                    continue
                }
                try visit(id, documents.bytes(2))
                for position in keys.indices {
                    let index = indexes[position]
                    do { try keys[position].load(text, id: id) } catch let error as InvalidDocument {
                        try finding(.init(kind: .document, id: id, message: "\(error)"))
                        continue
                    }
                    expected[position] += keys[position].entries.count
                    for entry in keys[position].entries where try holder(of: entry, in: index, db) != row {
                        try finding(
                            .init(
                                kind: .index, id: id,
                                message: "the index \(index.definition.name) has no entry for the document \(id)"))
                    }
                    if keys[position].meetsArray, !index.isMultikey {
                        try finding(
                            .init(
                                kind: .index, id: id,
                                message: "the index \(index.definition.name) isn't marked as one that holds arrays"))
                    }
                }
            }
        }
        let total = try total(in: db)
        if total != count {
            try finding(
                .init(kind: .count, id: nil, message: "the catalogue counts \(total) documents, there are \(count)"))
        }
        for (index, expected) in zip(indexes, expected) {
            let found = try Int.fetchOne(db, sql: "SELECT count(*) FROM \(index.table)") ?? 0
            guard found != expected else { continue }
            try finding(
                .init(
                    kind: .index, id: nil,
                    message:
                        "the index \(index.definition.name) has \(found) entries, the documents ask for \(expected)"))
        }
    }

    /// The row that an entry leads to, nil when there is no such entry.
    private func holder(of entry: IndexKeys.Entry, in index: StoredIndex, _ db: Database) throws -> Int64? {
        try db.run("SELECT row FROM \(index.table) WHERE key = ?") { statement in
            try statement.bind(blob: entry.key)
            return try statement.step() ? statement.int(0) : nil
        }
    }
}
