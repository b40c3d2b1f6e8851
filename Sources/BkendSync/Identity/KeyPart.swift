import BkendWire

/// What the key of a row says: which create of this device it carries (sync.md, "Client keys").
package struct KeyPart<Store: StoreView>: StorePart {
    let store: Store

    /// The row of the id table whose create a row is; nil where it bears no key of this device's, or is another's.
    func alias(of row: AnswerRow, table: String) throws -> Alias? {
        guard let clientKey = row.clientKey, try store.hasAliases() else { return nil }
        return try store.aliases.all(clientKey: clientKey).first { alias in
            guard alias.table.hasSameBytes(as: table) else { return false }
            return alias.isMadeBy(row.createdBy) || alias.isMadeAgain
        }
    }

    /// The record that a row is a second copy of, nil for none. Another user's row is none: it is that user's record.
    package func original(ofCopy row: AnswerRow, table: String) throws -> String? {
        guard let alias = try alias(of: row, table: table), alias.state == .completed,
            alias.isMadeBy(row.createdBy), let original = alias.serverID, !original.hasSameBytes(as: row.id),
            try !isKeptTwin(RecordKey(table, row.id))
        else { return nil }
        return original
    }

    /// Whether a row is the record that its key's create has become.
    package func bearsItsKey(_ row: AnswerRow, table: String) throws -> Bool {
        guard let alias = try alias(of: row, table: table), alias.state == .completed else { return false }
        return alias.serverID?.hasSameBytes(as: row.id) ?? false
    }

    /// Whether a row is a record that was made again: its key is that of the record before, not of any create here.
    package func wasMadeAgain(_ row: AnswerRow, table: String) throws -> Bool {
        try alias(of: row, table: table)?.isMadeAgain ?? false
    }

    /// Whether a row bears the key of a create that was cancelled here. The key of a record that is made again is not
    /// this device's alone.
    package func isCancelled(_ row: AnswerRow, table: String) throws -> Bool {
        guard let alias = try alias(of: row, table: table), alias.state == .cancelled else { return false }
        return try alias.isMadeBy(row.createdBy) && !alias.isMadeAgain && !isKeptTwin(RecordKey(table, row.id))
    }

    // MARK: Second copies that stay

    /// Whether a second copy is shown like any other record.
    func isKeptTwin(_ key: RecordKey) throws -> Bool {
        let sql = "SELECT 1 FROM sync_twins WHERE collection = ? AND record = ?"
        return try db.number(sql, .text(key.table), .text(key.id)) != 0
    }

    /// The second copies that are shown like any other record.
    func keptTwins() throws -> [RecordKey] {
        try db.all("SELECT collection, record FROM sync_twins") { RecordKey($0.text(0), $0.text(1)) }
    }
}

extension KeyPart where Store == StoreTransaction {
    /// Shows a second copy of a record like any other from now on: the server doesn't let this user delete it.
    package func keepTwin(_ table: String, _ id: String) throws {
        try db.perform("INSERT OR IGNORE INTO sync_twins (collection, record) VALUES (?, ?)", .text(table), .text(id))
    }
}

extension StoreView {
    /// What the keys of rows say.
    package var keys: KeyPart<Self> { KeyPart(store: self) }
}
