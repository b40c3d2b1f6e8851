import BkendDocuments
import BkendWire

/// The change log (`sync_changes`): which records changed, for observers of this process and of others.
package struct ChangePart<Store: StoreView>: StorePart {
    let store: Store

    /// The number of the newest row that the change log ever had, 0 for none.
    package var latest: Int64 {
        get throws { try db.number("SELECT seq FROM sqlite_sequence WHERE name = 'sync_changes'") }
    }

    /// What changed after a row of the log, the first `limit` rows of it.
    package func rows(after sequence: Int64, limit: Int = .max) throws -> StoreChanges {
        let latest = try self.latest
        if sequence >= latest { return .rows([]) }
        let oldest = try db.number("SELECT min(sequence) FROM sync_changes")
        if oldest == 0 || oldest > sequence + 1 { return .fellBehind(latest: latest) }
        let sql = """
            SELECT sequence, collection, record, formerly, kind FROM sync_changes WHERE sequence > ? ORDER BY sequence
            LIMIT ?
            """
        return .rows(
            try db.all(sql, .int(sequence), .int(limit)) { row in
                StoreChange(
                    sequence: row.int(0), table: row.text(1), record: row.text(2), formerly: row.optionalText(3),
                    kind: StoreChange.Kind(rawValue: row.text(4)) ?? .document)
            })
    }
}

extension StoreView {
    /// The change log.
    package var changes: ChangePart<Self> { ChangePart(store: self) }
}
