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

    private func checkDefinition(_ definition: IndexDefinition) throws(CollectionError) {
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
        try db.execute(
            sql: "CREATE TABLE \(index.table) (key BLOB NOT NULL PRIMARY KEY, row INTEGER NOT NULL) WITHOUT ROWID")
        if try fill(index, in: db) {
            try db.execute(sql: "UPDATE bkend_indexes SET multikey = 1 WHERE number = ?", arguments: [index.number])
        }
        try Catalogue.advance(number, in: db)
    }

    /// Makes the entries of the documents that are there; whether arrays were met. Entries go through a temporary
    /// table and SQLite's sorter, since adding them in the order of keys is many times faster than in any other; those
    /// of a unique index are checked one by one.
    private func fill(_ index: StoredIndex, in db: Database) throws -> Bool {
        var keys = IndexKeys(index, collection: name)
        var meetsArray = false
        let isUnique = index.definition.unique
        if !isUnique {
            try db.execute(sql: "CREATE TEMP TABLE bkend_entries (key BLOB NOT NULL, row INTEGER NOT NULL)")
        }
        let insert = "INSERT INTO temp.bkend_entries (key, row) VALUES (?, ?)"
        try db.run("SELECT row, id, document FROM \(table.name)") { documents in
            while try documents.step() {
                let id = documents.text(1)
                try keys.load(Array(documents.bytes(2)), id: id)
                if keys.meetsArray { meetsArray = true }
                let row = documents.int(0)
                for entry in keys.entries {
                    if isUnique {
                        try add(entry, to: index, row: row, id: id, in: db)
                    } else {
                        try write(entry, insert, row: row, in: db)
                    }
                }
            }
        }
        if !isUnique {
            try db.execute(
                sql: """
                    INSERT INTO \(index.table) (key, row) SELECT key, row FROM temp.bkend_entries ORDER BY key;
                    DROP TABLE temp.bkend_entries;
                    """)
        }
        return meetsArray
    }
}
