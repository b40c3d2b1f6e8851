import BkendWire
import GRDB

extension Collection {
    /// Makes an index and fills it from the documents that are there. An index that exists in the same form is left
    /// alone.
    ///
    /// - Throws: `UniqueViolation` when documents share a unique index's values, `CollectionError` for a name that is
    ///   taken by another index; then nothing is changed.
    package mutating func createIndex(_ definition: IndexDefinition, in db: Database) throws {
        let state = try current(in: db)
        if let known = state.indexes.first(where: { $0.definition.name.hasSameBytes(as: definition.name) }) {
            guard IndexText.text(known.definition) == IndexText.text(definition) else {
                throw CollectionError(collection: name, reason: .indexExists(definition.name))
            }
            self.state = state
            return
        }
        try checkDefinition(definition)
        try db.inSavepoint {
            try make(definition, in: db)
            return .commit
        }
        self.state = try current(in: db)
    }

    /// Drops an index.
    ///
    /// - Throws: `CollectionError` when there is none of that name.
    package mutating func dropIndex(named indexName: String, in db: Database) throws {
        let state = try current(in: db)
        guard let index = state.indexes.first(where: { $0.definition.name.hasSameBytes(as: indexName) }) else {
            throw CollectionError(collection: name, reason: .noSuchIndex(indexName))
        }
        try db.execute(sql: "DROP TABLE \(index.table)")
        try db.execute(sql: "DELETE FROM bkend_indexes WHERE number = ?", arguments: [index.number])
        try Catalogue.advance(number, in: db)
        self.state = try current(in: db)
    }

    func makeTable(of index: StoredIndex, in db: Database) throws {
        try db.execute(
            sql: "CREATE TABLE \(index.table) (key BLOB NOT NULL PRIMARY KEY, row INTEGER NOT NULL) WITHOUT ROWID")
    }

    func checkDefinition(_ definition: IndexDefinition) throws(CollectionError) {
        func refuse(_ flaw: String) -> CollectionError {
            CollectionError(collection: name, reason: .invalidIndex(definition.name, flaw: flaw))
        }
        if definition.name.isEmpty { throw refuse("it needs a name") }
        if definition.fields.isEmpty { throw refuse("it needs at least one field") }
        if definition.fields.count > 32 { throw refuse("it may have at most 32 fields") }
        for (position, field) in definition.fields.enumerated() {
            if let flaw = FieldPath.flaw(in: field.path) { throw refuse(flaw) }
            if definition.fields[..<position].contains(where: { $0.path.hasSameBytes(as: field.path) }) {
                throw refuse("the field \(field.path) stands in it twice")
            }
        }
    }

    private func make(_ definition: IndexDefinition, in db: Database) throws {
        try db.execute(
            sql: "INSERT INTO bkend_indexes (collection, name, definition) VALUES (?, ?, ?)",
            arguments: [number, definition.name, IndexText.text(definition)])
        let index = StoredIndex(
            definition, number: db.lastInsertedRowID, collection: number, isMultikey: false)
        try makeTable(of: index, in: db)
        if try fill(index, in: db) {
            try db.execute(sql: "UPDATE bkend_indexes SET multikey = 1 WHERE number = ?", arguments: [index.number])
        }
        try Catalogue.advance(number, in: db)
    }

    /// Makes the entries of the documents that are there; whether arrays were met. Entries go through a temporary
    /// table and SQLite's sorter, since adding them in the order of keys is many times faster than in any other.
    private func fill(_ index: StoredIndex, in db: Database) throws -> Bool {
        let meetsArray = try gather(index, in: db)
        if index.definition.unique {
            try walk(index, in: db) {
                throw $0
            } visit: { key, row in
                try db.run(index.insertSQL) { statement in
                    try statement.bind(blob: key)
                    try statement.bind(row)
                    _ = try statement.step()
                }
            }
        } else {
            try db.execute(
                sql: "INSERT INTO \(index.table) (key, row) SELECT key, row FROM temp.bkend_entries ORDER BY key")
        }
        try db.execute(sql: "DROP TABLE temp.bkend_entries")
        return meetsArray
    }

    /// Puts the entries of all documents into a temporary table; whether arrays were met.
    private func gather(_ index: StoredIndex, in db: Database) throws -> Bool {
        // The size is that of the values in the key, 0 where uniqueness doesn't ask for it.
        try db.execute(
            sql: "CREATE TEMP TABLE bkend_entries (key BLOB NOT NULL, row INTEGER NOT NULL, size INTEGER NOT NULL)")
        var keys = IndexKeys(index, collection: name)
        var meetsArray = false
        let isUnique = index.definition.unique
        let insert = "INSERT INTO temp.bkend_entries (key, row, size) VALUES (?, ?, ?)"
        try db.run("SELECT row, id, document FROM \(table.name)") { documents in
            while try documents.step() {
                try keys.load(Array(documents.bytes(2)), id: documents.text(1))
                if keys.meetsArray { meetsArray = true }
                for entry in keys.entries {
                    try db.run(insert) { statement in
                        try statement.bind(blob: entry.key)
                        try statement.bind(documents.int(0))
                        try statement.bind(isUnique && !entry.holdsWholeArray ? Int64(entry.valueCount) : 0)
                        _ = try statement.step()
                    }
                }
            }
        }
        return meetsArray
    }

    /// Visits the gathered entries in the order of keys, where those of the same values lie side by side, and tells of
    /// each document whose values another has.
    private func walk(
        _ index: StoredIndex, in db: Database, conflict: (UniqueViolation) throws -> Void,
        visit: (UnsafeBufferPointer<UInt8>, Int64) throws -> Void
    ) throws {
        var values: [UInt8] = []
        var holder: Int64 = 0
        try db.run("SELECT key, row, size FROM temp.bkend_entries ORDER BY key") { entries in
            while try entries.step() {
                let key = entries.bytes(0)
                let row = entries.int(1)
                let size = Int(entries.int(2))
                if size > 0 {
                    let current = UnsafeBufferPointer(rebasing: key[..<size])
                    if row != holder, values.elementsEqual(current) {
                        try conflict(violation(of: index, values: values[...], rows: holder, row, in: db))
                    } else {
                        values.removeAll(keepingCapacity: true)
                        values.append(contentsOf: current)
                        holder = row
                    }
                }
                try visit(key, row)
            }
        }
    }

    /// Finds the documents that a unique index could not take, without making it: each that shares its values with
    /// another, beside the first of them. Works on a connection that only reads, in bounded memory.
    ///
    /// - Throws: `CollectionError` for a definition that can't be, `InvalidDocument` for a document with too many entries.
    package func conflicts(
        with definition: IndexDefinition, in db: Database, visit: (UniqueViolation) throws -> Void
    ) throws {
        try checkDefinition(definition)
        let index = StoredIndex(definition, number: 0, collection: number, isMultikey: false)
        defer { try? db.execute(sql: "DROP TABLE IF EXISTS temp.bkend_entries") }
        _ = try gather(index, in: db)
        if definition.unique { try walk(index, in: db, conflict: visit) { _, _ in } }
    }

    private func violation(
        of index: StoredIndex, values: ArraySlice<UInt8>, rows first: Int64, _ second: Int64, in db: Database
    ) throws -> UniqueViolation {
        UniqueViolation(
            collection: name, index: index.definition.name, fields: index.definition.fields.map(\.path),
            values: KeyReader.values(of: values, fields: index.fields),
            id: try id(ofRow: max(first, second), in: db), existingID: try id(ofRow: min(first, second), in: db))
    }
}
