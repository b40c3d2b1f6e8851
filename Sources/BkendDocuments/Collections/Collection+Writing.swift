import BkendWire
import GRDB

extension Collection {
    /// Puts another document in the place of the one with its `id`; false when there is none.
    ///
    /// - Throws: `UniqueViolation`, `InvalidDocument`.
    package func replace(_ document: JSONObject, in db: Database) throws -> Bool {
        let id = try id(of: document)
        return try replace(checked: document.serialized(), id: id, in: db)
    }

    /// Puts another document, given as JSON text, in the place of the one with that id; false when there is none.
    ///
    /// - Throws: `UniqueViolation`, `InvalidDocument`.
    package func replace(text: [UInt8], id: String, in db: Database) throws -> Bool {
        try check(text, id: id)
        return try replace(checked: text, id: id, in: db)
    }

    /// Sets top-level fields, each as a whole: null is stored, new fields go to the end, the others keep their place
    /// and value. The document that results, nil when there is none of that id.
    ///
    /// - Throws: `UniqueViolation`, `InvalidDocument` when the fields hold another `id`.
    package func patch(id: String, set fields: JSONObject, in db: Database) throws -> DocumentText? {
        if let other = fields["id"], other.stringValue?.hasSameBytes(as: id) != true {
            throw InvalidDocument(collection: name, id: id, reason: .changesID(other.description))
        }
        guard let stored = try stored(id, in: db) else { return nil }
        var document = try DocumentText(bytes: stored.document).json
        for (key, value) in fields { document[key] = value }
        let text = document.serialized()
        if text != stored.document { try put(text, for: id, replacing: stored, in: db) }
        return DocumentText(bytes: text)
    }

    /// Deletes a document; false when there is none of that id.
    package func delete(id: String, in db: Database) throws -> Bool {
        guard let stored = try stored(id, in: db) else { return false }
        let state = try current(in: db)
        var keys = DocumentKeys(state.indexes, collection: name)
        try keys.load(stored.document, id: id)
        for keys in keys.indexes {
            for entry in keys.entries { try remove(entry, from: keys.index, in: db) }
        }
        try updateSearch(row: stored.row, from: stored.document, to: nil, state, in: db)
        try db.run(table.delete) { statement in
            try statement.bind(stored.row)
            _ = try statement.step()
        }
        try Catalogue.count(-1, to: number, in: db)
        return true
    }

    // MARK: Checks

    func id(of document: JSONObject) throws(InvalidDocument) -> String {
        guard case .string(let id) = document["id"], !id.isEmpty else {
            throw InvalidDocument(collection: name, reason: .noID)
        }
        return id
    }

    func check(_ text: [UInt8], id: String) throws(InvalidDocument) {
        if id.isEmpty { throw InvalidDocument(collection: name, reason: .noID) }
        do throws(JSONError) {
            try JSON.check(text)
        } catch {
            throw InvalidDocument(collection: name, id: id, reason: .malformed(error))
        }
        guard let strings = DocumentStrings([SystemField.id.rawValue]).read(text) else {
            throw InvalidDocument(collection: name, id: id, reason: .notAnObject)
        }
        guard let found = strings[0] else { throw InvalidDocument(collection: name, id: id, reason: .noID) }
        if !found.hasSameBytes(as: id) { throw InvalidDocument(collection: name, id: id, reason: .otherID(found)) }
    }

    // MARK: Steps

    /// A document's row and text.
    struct Stored {
        let row: Int64
        let document: [UInt8]
    }

    func stored(_ id: String, in db: Database) throws -> Stored? {
        try db.run(table.find) { statement in
            try statement.bind(id)
            return try statement.step() ? Stored(row: statement.int(0), document: Array(statement.bytes(1))) : nil
        }
    }

    /// Puts another document, whose text was checked, in the place of the one with that id; false when there is none.
    ///
    /// - Throws: `UniqueViolation`, `InvalidDocument`.
    package func replace(checked text: [UInt8], id: String, in db: Database) throws -> Bool {
        guard let stored = try stored(id, in: db) else { return false }
        if stored.document != text { try put(text, for: id, replacing: stored, in: db) }
        return true
    }

    /// Replaces a stored text, moving only the index entries that differ. Every check comes before the first change.
    private func put(_ text: [UInt8], for id: String, replacing stored: Stored, in db: Database) throws {
        let state = try current(in: db)
        var changes: [(index: StoredIndex, gone: [IndexKeys.Entry], new: [IndexKeys.Entry])] = []
        var before = DocumentKeys(state.indexes, collection: name)
        try before.load(stored.document, id: id)
        var after = DocumentKeys(state.indexes, collection: name)
        try after.load(text, id: id)
        for (before, after) in zip(before.indexes, after.indexes) {
            let index = after.index
            let (gone, new) = after.changes(from: before)
            if index.definition.unique {
                for entry in new { try refuseConflict(entry, in: index, row: stored.row, id: id, db) }
            }
            if after.meetsArray { try noteArrays(in: index, db) }
            changes.append((index, gone, new))
        }
        for change in changes {
            for entry in change.gone { try remove(entry, from: change.index, in: db) }
            try write(change.new.lazy.map { ($0, row: stored.row) }, to: change.index, in: db)
        }
        try updateSearch(row: stored.row, from: stored.document, to: text, state, in: db)
        try db.run(table.update) { statement in
            try text.withUnsafeBufferPointer { try statement.bind(text: $0) }
            try statement.bind(stored.row)
            _ = try statement.step()
        }
    }
}
