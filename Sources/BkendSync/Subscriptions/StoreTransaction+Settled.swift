/// Which records were answered when: a page that was asked for before may show them as they were.
extension StoreSnapshot {
    /// Moves with every write that the server answered. Note it when a request is sent, give it to `receive`.
    package var mark: Int64 { get throws { Int64(try meta("mark") ?? "") ?? 0 } }
}

extension StoreTransaction {
    /// Forgets what was settled up to a mark: a comparison that began at it has ended, and no request that was sent
    /// before is still on its way.
    package func clearSettled(table: String, upTo mark: Int64) throws {
        try db.perform("DELETE FROM sync_settled WHERE collection = ? AND mark <= ?", .text(table), .int(mark))
    }

    func settle(_ key: RecordKey, isDeleted: Bool) throws {
        try db.perform(
            "INSERT OR REPLACE INTO sync_settled (collection, record, mark, deleted) VALUES (?, ?, ?, ?)",
            .text(key.table), .text(key.id), .int(try advance("mark")), .int(isDeleted ? 1 : 0))
    }

    func unsettle(_ key: RecordKey) throws {
        try db.perform(
            "DELETE FROM sync_settled WHERE collection = ? AND record = ?", .text(key.table), .text(key.id))
    }
}
