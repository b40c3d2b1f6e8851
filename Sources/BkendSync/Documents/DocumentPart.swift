import BkendDocuments
import BkendWire

/// What queries see of the tables, and the server's last word where entries stand before it (`sync_bases`).
package struct DocumentPart<Store: StoreView>: StorePart {
    let store: Store

    /// What queries see of a record, nil for nothing. The id may be a local one that the server has renamed.
    package func document(_ table: String, _ id: String) throws -> DocumentText? {
        try store.collection(table)?.document(id: try store.aliases.resolve(id), in: db)
    }

    /// The server's last word on a record, nil when it has none.
    package func base(_ table: String, _ id: String) throws -> DocumentText? {
        let key = RecordKey(table, try store.aliases.resolve(id))
        if try store.outbox.lastLive(key) == nil { return try store.collection(table)?.document(id: key.id, in: db) }
        return try storedBase(key).map { DocumentText(bytes: $0) }
    }

    /// The documents that a query asks for.
    package func find(_ query: Query, in table: String) throws -> [DocumentText] {
        let query = try store.aliases.resolve(query, table: table)
        return try store.collection(table)?.find(query, including: SystemField.allCases.map(\.rawValue), in: db) ?? []
    }

    /// How many documents match.
    package func count(_ filter: Filter = .all, search: Query.Search? = nil, in table: String) throws -> Int {
        let filter = try store.aliases.resolve(filter, table: table)
        return try store.collection(table)?.count(filter, search: search, in: db) ?? 0
    }

    /// A page of a query's result, and how many documents the whole result has.
    package func page(_ query: Query, in table: String) throws -> (documents: [DocumentText], total: Int) {
        let query = try store.aliases.resolve(query, table: table)
        guard let collection = try store.collection(table) else { return ([], 0) }
        var documents: [DocumentText] = []
        let total = try collection.page(query, including: SystemField.allCases.map(\.rawValue), in: db) { bytes in
            documents.append(DocumentText(bytes: Array(bytes)))
        }
        return (documents, total)
    }

    /// How a query would run.
    package func explain(_ query: Query, in table: String) throws -> QueryPlan? {
        try store.collection(table)?.explain(try store.aliases.resolve(query, table: table), in: db)
    }

    /// What the server knows of a record.
    package func syncState(_ table: String, _ id: String) throws -> SyncState {
        try store.outbox.state(of: RecordKey(table, try store.aliases.resolve(id)))
    }

    /// What the server knows of these records of a table, in their order; ids in their present form.
    package func syncStates(_ table: String, _ ids: [String]) throws -> [SyncState] {
        if ids.isEmpty { return [] }
        // Mostly few records have entries, and then the others need no look each.
        let limit = max(64, ids.count)
        let waiting = try db.all(
            "SELECT DISTINCT record FROM sync_entries WHERE collection = ? LIMIT ?", .text(table), .int(limit + 1)
        ) { ExactString($0.text(0)) }
        if waiting.isEmpty { return Array(repeating: .synced, count: ids.count) }
        let known = waiting.count > limit ? nil : Set(waiting)
        return try ids.map { id in
            if let known, !known.contains(ExactString(id)) { return .synced }
            return try store.outbox.state(of: RecordKey(table, id))
        }
    }

    // MARK: For the engine

    /// The `updatedAt` of the server's last word on a record.
    func baseUpdatedAt(_ table: String, _ id: String) throws -> String? {
        guard let base = try base(table, id) else { return nil }
        return try JSON(parsing: base.bytes)[SystemField.updatedAt.rawValue]?.stringValue
    }

    // MARK: Bases

    /// The stored base of a record that has live entries.
    func storedBase(_ key: RecordKey) throws -> [UInt8]? {
        try db.first(
            "SELECT document FROM sync_bases WHERE collection = ? AND record = ?", .text(key.table), .text(key.id)
        ) { Array($0.bytes(0)) }
    }
}

extension DocumentPart where Store == StoreTransaction {
    /// Stores the base of a record that has live entries, nil for none.
    func storeBase(_ base: [UInt8]?, of key: RecordKey) throws {
        guard let base else { return try dropBase(of: key) }
        try db.perform(
            "INSERT OR REPLACE INTO sync_bases (collection, record, document) VALUES (?, ?, ?)", .text(key.table),
            .text(key.id), .utf8(base))
    }

    /// Drops the stored base of a record.
    func dropBase(of key: RecordKey) throws {
        try db.perform("DELETE FROM sync_bases WHERE collection = ? AND record = ?", .text(key.table), .text(key.id))
    }
}

extension StoreView {
    /// What queries see.
    package var documents: DocumentPart<Self> { DocumentPart(store: self) }
}
