import BkendWire

/// What the key of a row says: which create of this device it carries (sync.md, "Client keys").
extension StoreTransaction {
    /// The row of the id table whose create a row is; nil where it bears no key of this device's, or is another's.
    func alias(of row: AnswerRow, table: String) throws -> Alias? {
        guard let clientKey = row.clientKey, try hasAliases() else { return nil }
        return try aliases(clientKey: clientKey).first { alias in
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

    /// The server has a record of this device's under another id than it said: it was imported anew, for example. From
    /// now on the row is the record, with what waits for it; whatever was given the former id leads to it.
    ///
    /// - Parameters:
    ///   - original: the id that the server gave the record.
    ///   - isGone: whether the server has no record of that id any more; else that one is another record from now on.
    package func readopt(_ original: String, as row: AnswerRow, table: String, isGone: Bool) throws {
        guard let alias = try alias(of: row, table: table) else { return }
        let old = RecordKey(table, original)
        let new = RecordKey(table, row.id)
        guard isGone else {
            try db.perform(
                "UPDATE sync_aliases SET server_id = ? WHERE local_id = ?", .text(new.id), .text(alias.localID))
            return noteAliases()
        }
        let position = try touch(old)
        let base = try newer(row, than: serverWord(on: new))
        // It may have been the record's id before.
        try db.perform(
            "DELETE FROM sync_aliases WHERE local_id = ? AND collection = ? AND state <> 'pending'", .text(new.id),
            .text(table))
        let isKnown = try lastLive(new) != nil
        try db.perform(
            "UPDATE sync_aliases SET server_id = ? WHERE server_id = ? AND collection = ?", .text(new.id),
            .text(old.id), .text(table))
        try db.perform(
            """
            INSERT OR REPLACE INTO sync_aliases (local_id, collection, server_id, user, former_user, state)
            VALUES (?, ?, ?, ?, ?, 'completed')
            """, .text(old.id), .text(table), .text(new.id), .text(alias.user), .optional(alias.formerUser))
        noteAliases()
        // A record that isn't kept here has only its ids.
        guard try touched[position].now != nil || !lane(old).isEmpty else { return }
        var named: [RecordKey] = []
        for var entry in try entries(containing: old.id) {
            entry.fields = try resolve(entry.fields)
            try save(entry)
            let key = RecordKey(entry.table, entry.record)
            if key != old, !named.contains(key) { named.append(key) }
        }
        for key in named { try touch(key) }
        try moveRows(from: old, to: new)
        // Two lanes have become one, so other entries may be blocked.
        if isKnown { touchesOutbox = true }
        try moveHistory(from: old, to: new)
        try rebuild(new, base: base, joining: true)
        for key in named { try rebuild(key, base: try serverWord(on: key)) }
        try settle(new, isDeleted: false)
    }
}

extension Alias {
    /// Whether a row of that user's may be its create's.
    func isMadeBy(_ createdBy: String) -> Bool {
        [user, formerUser].contains { $0?.hasSameBytes(as: createdBy) == true }
    }

    /// Whether it stands for a record that was deleted elsewhere and is made again: the row that bears its key is that
    /// record, whoever made it.
    var isMadeAgain: Bool {
        guard let clientKey else { return false }
        return clientKey.hasSameBytes(as: StoreTransaction.recreatedKey(of: localID))
    }
}
