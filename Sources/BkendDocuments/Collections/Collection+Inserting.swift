import BkendWire
import CSQLite
import GRDB

/// A document to be stored.
package struct NewDocument: Sendable {
    /// Its id.
    package let id: String
    /// Its JSON text. It has passed `JSON.check`, and the id was read from it.
    package let text: [UInt8]

    /// A document whose text was checked.
    package init(id: String, checked text: [UInt8]) {
        self.id = id
        self.text = text
    }
}

extension Collection {
    /// Stores a new document under its `id`.
    ///
    /// - Throws: `DuplicateDocument`, `UniqueViolation`, `InvalidDocument`.
    package func insert(_ document: JSONObject, in db: Database) throws {
        let id = try id(of: document)
        try insert([NewDocument(id: id, checked: document.serialized())], in: db)
    }

    /// Stores a new document given as JSON text, as a server wrote it; the text is kept as it is.
    ///
    /// - Throws: `DuplicateDocument`, `UniqueViolation`, `InvalidDocument`.
    package func insert(text: [UInt8], id: String, in db: Database) throws {
        try check(text, id: id)
        try insert([NewDocument(id: id, checked: text)], in: db)
    }

    /// Stores new documents, index by index: far less work than one after the other.
    ///
    /// - Throws: `DuplicateDocument`, `UniqueViolation`, `InvalidDocument`. A single document that is refused leaves
    ///   nothing behind, even when the caller's transaction goes on. Of several some may be there: don't keep it then.
    package func insert(_ documents: [NewDocument], in db: Database) throws {
        let state = try current(in: db)
        // The new ones may conflict with each other, and a search index may take a new field with any of them.
        if documents.count > 1, state.search != nil || state.indexes.contains(where: \.definition.unique) {
            for document in documents { try insert([document], in: db) }
            return
        }
        let entries = try NewEntries(of: documents, in: state.indexes, collection: name)
        for entries in entries.indexes where entries.index.definition.unique {
            try refuseConflicts(entries, documents, in: db)
        }
        let rows = try store(documents, in: db)
        try Catalogue.count(Int64(documents.count), to: number, in: db)
        for entries in entries.indexes {
            if entries.meetsArray { try noteArrays(in: entries.index, db) }
            try write(entries.entries.lazy.map { ($0, row: rows[$1]) }, to: entries.index, in: db)
        }
        for (document, row) in zip(documents, rows) {
            try updateSearch(row: row, from: nil, to: document.text, state, in: db)
        }
    }

    private func refuseConflicts(_ entries: NewEntries.Index, _ documents: [NewDocument], in db: Database) throws {
        for (entry, document) in entries.entries {
            let id = documents[document].id
            do {
                try refuseConflict(entry, in: entries.index, row: nil, id: id, db)
            } catch let error as UniqueViolation {
                if try stored(id, in: db) != nil { throw DuplicateDocument(collection: name, id: id) }
                throw error
            }
        }
    }

    /// Puts the texts into the collection's table; their rows.
    private func store(_ documents: [NewDocument], in db: Database) throws -> [Int64] {
        try db.run(table.insert) { statement in
            try documents.map { document in
                do {
                    try statement.bind(document.id)
                    try document.text.withUnsafeBufferPointer { text in
                        try statement.bind(text: text, isLent: true)
                        _ = try statement.step()
                    }
                } catch let error as DatabaseError where error.extendedResultCode == .SQLITE_CONSTRAINT_UNIQUE {
                    throw DuplicateDocument(collection: name, id: document.id)
                }
                statement.rewind()
                return sqlite3_last_insert_rowid(db.sqliteConnection)
            }
        }
    }
}

/// The index entries of new documents.
private struct NewEntries {
    /// Those in one index, each with its document's position.
    struct Index {
        let index: StoredIndex
        var entries: [(IndexKeys.Entry, document: Int)] = []
        var meetsArray = false
    }

    private(set) var indexes: [Index]

    init(of documents: [NewDocument], in indexes: [StoredIndex], collection: String) throws {
        self.indexes = indexes.map { Index(index: $0) }
        var keys = DocumentKeys(indexes, collection: collection)
        for (position, document) in documents.enumerated() {
            try keys.load(document.text, id: document.id)
            for (index, keys) in keys.indexes.enumerated() {
                if keys.meetsArray { self.indexes[index].meetsArray = true }
                for entry in keys.entries { self.indexes[index].entries.append((entry, document: position)) }
            }
        }
    }
}
