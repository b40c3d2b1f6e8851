import BkendDocuments
import BkendWire

extension StoreSnapshot {
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
            return try state(of: RecordKey(table, id))
        }
    }
}
