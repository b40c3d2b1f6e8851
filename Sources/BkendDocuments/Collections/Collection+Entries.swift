import BkendWire
import GRDB

extension Collection {
    /// Adds entries, each with the row that it leads to.
    func write(_ entries: some Sequence<(IndexKeys.Entry, row: Int64)>, to index: StoredIndex, in db: Database) throws {
        try db.run(index.insertSQL) { statement in
            for (entry, row) in entries {
                try entry.key.withUnsafeBufferPointer { key in
                    try statement.bind(blob: key, isLent: true)
                    try statement.bind(row)
                    _ = try statement.step()
                }
                statement.rewind()
            }
        }
    }

    /// Takes an entry away.
    func remove(_ entry: IndexKeys.Entry, from index: StoredIndex, in db: Database) throws {
        try db.run(index.deleteSQL) { statement in
            try statement.bind(blob: entry.key)
            _ = try statement.step()
        }
    }

    /// Notes in the catalogue that an index holds arrays now; from then on queries recheck what it gives.
    func noteArrays(in index: StoredIndex, _ db: Database) throws {
        if index.isMultikey { return }
        try db.run("UPDATE bkend_indexes SET multikey = multikey | 1 WHERE number = ? AND multikey & 1 = 0") {
            statement in
            try statement.bind(index.number)
            _ = try statement.step()
        }
        if db.changesCount > 0 { try Catalogue.advance(number, in: db) }
    }

    /// - Throws: `UniqueViolation` when another document has these values.
    func refuseConflict(
        _ entry: IndexKeys.Entry, in index: StoredIndex, row: Int64?, id: String, _ db: Database
    ) throws {
        if entry.holdsWholeArray { return }
        let values = entry.key[..<entry.valueCount]
        let holder: Int64? = try db.run(index.conflictSQL) { statement in
            // What follows the values is a bracket or its complement, never 0x00 or 0xFF.
            try statement.bind(blob: Array(values) + [0x01])
            try statement.bind(blob: Array(values) + [0xFF])
            // No row has a number below 1.
            try statement.bind(row ?? 0)
            return try statement.step() ? statement.int(0) : nil
        }
        guard let holder else { return }
        throw UniqueViolation(
            collection: name, index: index.definition.name, fields: index.definition.fields.map(\.path),
            values: KeyReader.values(of: values, fields: index.fields), id: id,
            existingID: try self.id(ofRow: holder, in: db))
    }

    /// The id of the document in a row, empty when there is none.
    func id(ofRow row: Int64, in db: Database) throws -> String {
        try String.fetchOne(db, sql: "SELECT id FROM \(table.name) WHERE row = ?", arguments: [row]) ?? ""
    }
}
