import BkendWire
import GRDB

/// Indexes that are filled in steps, so that other writes come between: `createIndex` holds them all up until it is done.
extension Collection {
    /// Makes an index of values that may repeat, to be filled by `buildIndex`. Writes keep it from now on, and queries use
    /// it once it is whole; over no documents it is at once. An index that exists in the same form is left alone.
    ///
    /// - Returns: whether it is whole.
    /// - Throws: `CollectionError` for a name that is taken by another index, or a definition that can't be.
    package mutating func beginIndex(_ definition: IndexDefinition, in db: Database) throws -> Bool {
        let state = try current(in: db)
        if let known = state.indexes.first(where: { $0.definition.name.hasSameBytes(as: definition.name) }) {
            guard IndexText.text(known.definition) == IndexText.text(definition) else {
                throw CollectionError(collection: name, reason: .indexExists(definition.name))
            }
            self.state = state
            return !known.isBuilding
        }
        if definition.unique {
            throw CollectionError(
                collection: name, reason: .invalidIndex(definition.name, flaw: "a unique one can't be filled in steps"))
        }
        try checkDefinition(definition)
        let isEmpty = try db.run("SELECT 1 FROM \(table.name) LIMIT 1") { try !$0.step() }
        let bits = isEmpty ? 0 : StoredIndex.buildingBit
        try db.inSavepoint {
            try db.execute(
                sql: "INSERT INTO bkend_indexes (collection, name, definition, multikey) VALUES (?, ?, ?, ?)",
                arguments: [number, definition.name, IndexText.text(definition), bits])
            let index = StoredIndex(
                definition, number: db.lastInsertedRowID, collection: number, isMultikey: false)
            try makeTable(of: index, in: db)
            try Catalogue.advance(number, in: db)
            return .commit
        }
        self.state = try current(in: db)
        return isEmpty
    }

    /// Puts the next documents into an index that is being filled.
    ///
    /// - Parameters:
    ///   - row: what the step before returned, 0 at first.
    ///   - count: how many documents at most; fewer where they are long.
    /// - Returns: what to go on after; nil when the index is whole.
    /// - Throws: `CollectionError` when there is none of that name, `InvalidDocument` for a document that can't be in it;
    ///   nothing of the step is done then.
    package mutating func buildIndex(
        named indexName: String, after row: Int64, count: Int, in db: Database
    ) throws -> Int64? {
        state = try current(in: db)
        guard let index = state.indexes.first(where: { $0.definition.name.hasSameBytes(as: indexName) }) else {
            throw CollectionError(collection: name, reason: .noSuchIndex(indexName))
        }
        guard index.isBuilding else { return nil }
        var step = try gather(index, after: row, count: count, in: db)
        // In the order of keys, neighbours share a page.
        step.entries.sort { ByteOrder.compare($0.0.key, $1.0.key) < 0 }
        if step.meetsArray { try noteArrays(in: index, db) }
        try write(step.entries.lazy.map { ($0.0, row: $0.1) }, to: index, in: db)
        if let last = step.last { return last }
        try db.run("UPDATE bkend_indexes SET multikey = multikey & ~2 WHERE number = ?") { statement in
            try statement.bind(index.number)
            _ = try statement.step()
        }
        try Catalogue.advance(number, in: db)
        state = try current(in: db)
        return nil
    }

    /// The bytes of documents after which a step ends.
    private static let stepBytes = 8 << 20

    private struct Step {
        var entries: [(IndexKeys.Entry, Int64)] = []
        var meetsArray = false
        /// The last document's row; nil when there are no more.
        var last: Int64?
    }

    private func gather(_ index: StoredIndex, after row: Int64, count: Int, in db: Database) throws -> Step {
        var step = Step()
        var keys = IndexKeys(index, collection: name)
        var (left, bytes) = (count, 0)
        try db.run("SELECT row, id, document FROM \(table.name) WHERE row > ? ORDER BY row") { documents in
            try documents.bind(row)
            while try documents.step() {
                let text = Array(documents.bytes(2))
                try keys.load(text, id: documents.text(1))
                if keys.meetsArray { step.meetsArray = true }
                for entry in keys.entries {
                    step.entries.append((entry, documents.int(0)))
                    bytes += entry.key.count
                }
                left -= 1
                bytes += text.count
                if left <= 0 || bytes >= Self.stepBytes {
                    step.last = documents.int(0)
                    return
                }
            }
        }
        return step
    }
}
