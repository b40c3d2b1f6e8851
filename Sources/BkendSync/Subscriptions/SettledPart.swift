/// Which records were answered when (`sync_settled`): a page that was asked for before may show them as they were.
package struct SettledPart<Store: StoreView>: StorePart {
    let store: Store

    /// Moves with every write that the server answered. Note it when a request is sent, give it to `receive`.
    package var mark: Int64 { get throws { Int64(try store.meta("mark") ?? "") ?? 0 } }

    /// Whether anything is remembered.
    func hasAny() throws -> Bool { try db.number("SELECT 1 FROM sync_settled LIMIT 1") != 0 }

    /// When a record was answered last, and whether it was deleted then; nil when it isn't remembered.
    func state(of key: RecordKey) throws -> (mark: Int64, isDeleted: Bool)? {
        try db.first(
            "SELECT mark, deleted FROM sync_settled WHERE collection = ? AND record = ?", .text(key.table),
            .text(key.id)
        ) { ($0.int(0), $0.int(1) != 0) }
    }

    /// The mark at which a record's write was last answered, nil when it isn't remembered.
    func mark(of table: String, _ id: String) throws -> Int64? {
        try db.first(
            "SELECT mark FROM sync_settled WHERE collection = ? AND record = ?", .text(table), .text(id)
        ) { $0.int(0) }
    }
}

extension SettledPart where Store == StoreTransaction {
    /// Forgets what was settled up to a mark: a comparison that began at it has ended, and no request that was sent
    /// before is still on its way.
    package func clear(table: String, upTo mark: Int64) throws {
        try db.perform("DELETE FROM sync_settled WHERE collection = ? AND mark <= ?", .text(table), .int(mark))
    }

    /// A record's write was answered.
    func note(_ key: RecordKey, isDeleted: Bool) throws {
        try db.perform(
            "INSERT OR REPLACE INTO sync_settled (collection, record, mark, deleted) VALUES (?, ?, ?, ?)",
            .text(key.table), .text(key.id), .int(try store.advance("mark")), .int(isDeleted ? 1 : 0))
    }

    /// What is known of a record is no older than any page.
    func forget(_ key: RecordKey) throws {
        try db.perform(
            "DELETE FROM sync_settled WHERE collection = ? AND record = ?", .text(key.table), .text(key.id))
    }
}

extension StoreView {
    /// Which records were answered when.
    package var settled: SettledPart<Self> { SettledPart(store: self) }
}
