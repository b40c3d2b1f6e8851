import BkendDocuments
import BkendWire

extension StoreSnapshot {
    /// What queries see of a record, nil for nothing. The id may be a local one that the server has renamed.
    package func document(_ table: String, _ id: String) throws -> DocumentText? {
        try collection(table)?.document(id: try resolve(id), in: db)
    }

    /// The server's last word on a record, nil when it has none.
    package func base(_ table: String, _ id: String) throws -> DocumentText? {
        let key = RecordKey(table, try resolve(id))
        if try lastLive(key) == nil { return try collection(table)?.document(id: key.id, in: db) }
        return try storedBase(key).map { DocumentText(bytes: $0) }
    }

    /// The documents that a query asks for.
    package func find(_ query: Query, in table: String) throws -> [DocumentText] {
        let query = try resolve(query, table: table)
        return try collection(table)?.find(query, including: SystemField.allCases.map(\.rawValue), in: db) ?? []
    }

    /// How many documents match.
    package func count(_ filter: Filter = .all, search: Query.Search? = nil, in table: String) throws -> Int {
        let filter = try resolve(filter, table: table)
        return try collection(table)?.count(filter, search: search, in: db) ?? 0
    }

    /// A page of a query's result, and how many documents the whole result has.
    package func page(_ query: Query, in table: String) throws -> (documents: [DocumentText], total: Int) {
        let query = try resolve(query, table: table)
        guard let collection = try collection(table) else { return ([], 0) }
        var documents: [DocumentText] = []
        let total = try collection.page(query, including: SystemField.allCases.map(\.rawValue), in: db) { bytes in
            documents.append(DocumentText(bytes: Array(bytes)))
        }
        return (documents, total)
    }

    /// How a query would run.
    package func explain(_ query: Query, in table: String) throws -> QueryPlan? {
        try collection(table)?.explain(try resolve(query, table: table), in: db)
    }

    /// What the server knows of a record.
    package func syncState(_ table: String, _ id: String) throws -> SyncState {
        try state(of: RecordKey(table, try resolve(id)))
    }

    func state(of key: RecordKey) throws -> SyncState {
        guard try hasEntries() else { return .synced }
        let stuck = """
            SELECT failure, state FROM sync_entries
            WHERE collection = ? AND record = ? AND state IN ('failed', 'unresolved')
            ORDER BY state = 'unresolved', sequence LIMIT 1
            """
        let failed: SyncState? = try db.first(stuck, .text(key.table), .text(key.id)) { row in
            if row.text(1) != OutboxEntry.State.failed.rawValue { return .unresolved }
            return .failed(row.isNull(0) ? EntryFailure(code: "", message: "") : EntryFailure(try row.object(0)))
        }
        if let failed { return failed }
        let any = "SELECT 1 FROM sync_entries WHERE collection = ? AND record = ? LIMIT 1"
        return try db.number(any, .text(key.table), .text(key.id)) == 0 ? .synced : .pending
    }

    func storedBase(_ key: RecordKey) throws -> [UInt8]? {
        try db.first(
            "SELECT document FROM sync_bases WHERE collection = ? AND record = ?", .text(key.table), .text(key.id)
        ) { Array($0.bytes(0)) }
    }
}
