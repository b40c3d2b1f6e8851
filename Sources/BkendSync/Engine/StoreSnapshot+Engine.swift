import BkendDocuments
import BkendWire

/// What the engine asks of the store beyond the app.
extension StoreSnapshot {
    /// The outbox in numbers.
    func outboxCounts() throws -> OutboxCounts {
        var counts = OutboxCounts()
        // What is blocked is pending like what is queued.
        for (state, count) in try storedCounts() {
            switch state {
            case .failed: counts.failed += count
            case .unresolved: counts.unresolved += count
            case .queued, .inFlight, .ambiguous, .blocked: counts.pending += count
            }
        }
        counts.reports = try reportCount()
        return counts
    }

    /// Tables that have writes or subscriptions, in order.
    func tablesToLearn() throws -> [String] {
        try db.all(
            """
            SELECT collection FROM sync_counts WHERE entries > 0
            UNION SELECT collection FROM sync_subscriptions ORDER BY collection
            """
        ) { $0.text(0) }
    }

    /// The mark at which a record's write was last answered, nil when it isn't remembered.
    func settledMark(_ table: String, _ id: String) throws -> Int64? {
        try db.first(
            "SELECT mark FROM sync_settled WHERE collection = ? AND record = ?", .text(table), .text(id)
        ) { $0.int(0) }
    }

    /// The `updatedAt` of the server's last word on a record.
    func baseUpdatedAt(_ table: String, _ id: String) throws -> String? {
        guard let base = try base(table, id) else { return nil }
        return try JSON(parsing: base.bytes)[SystemField.updatedAt.rawValue]?.stringValue
    }

    /// Whether a record of that id is here.
    func isKnown(_ table: String, _ id: String) throws -> Bool { try document(table, id) != nil }

    /// The latest version of a record that the server sent.
    func baseText(_ table: String, _ id: String) throws -> [UInt8]? { try base(table, id)?.bytes }

    /// Whether an id is one of the id table's.
    func hasAlias(_ id: String) throws -> Bool { try alias(id) != nil }

    /// Whether an entry of a record is on its way.
    func isInFlight(_ table: String, _ id: String) throws -> Bool {
        let sql = "SELECT 1 FROM sync_entries WHERE collection = ? AND record = ? AND state = 'inFlight' LIMIT 1"
        return try db.number(sql, .text(table), .text(id)) != 0
    }

    /// Whether a create without key is on its way, or may have been applied: pulls of the table wait until that is known.
    func hasKeylessCreateOnItsWay(_ table: String) throws -> Bool {
        let sql = """
            SELECT 1 FROM sync_entries WHERE collection = ? AND kind = 'create' AND client_key IS NULL
                AND state IN ('inFlight', 'ambiguous') LIMIT 1
            """
        return try db.number(sql, .text(table)) != 0
    }
}
