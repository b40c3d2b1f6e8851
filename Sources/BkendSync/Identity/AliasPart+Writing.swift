import BkendWire

/// How the id table changes. Each step concerns it alone: entries, members and documents are the caller's.
extension AliasPart where Store == StoreTransaction {
    /// A new local id's row.
    ///
    /// - Parameter file: the first of a file's three ids, for each of them.
    func add(_ id: String, table: String, key: String?, file: String? = nil) throws {
        try db.perform(
            """
            INSERT INTO sync_aliases (local_id, collection, user, client_key, state, file)
            VALUES (?, ?, ?, ?, 'pending', ?)
            """, .text(id), .text(table), .text(try store.owner), .optional(key), .optional(file))
        store.noteAliases()
    }

    /// The number of the next row.
    func nextNumber() throws -> Int64 { try db.number("SELECT coalesce(max(number), 0) + 1 FROM sync_aliases") }

    /// Adds a row of a guest's store as the owner's.
    func addTaken(_ alias: Alias) throws {
        try db.perform(
            """
            INSERT INTO sync_aliases (local_id, collection, server_id, user, former_user, client_key, state, file)
            VALUES (?, ?, ?, ?, '', ?, ?, ?)
            """, .text(alias.localID), .text(alias.table), .optional(alias.serverID), .text(try store.owner),
            .optional(alias.clientKey), .text(alias.state.rawValue), .optional(alias.file))
    }

    /// All rows are this user's from now on.
    func take(over user: String) throws {
        try db.perform("UPDATE sync_aliases SET former_user = user, user = ?", .text(user))
    }

    // MARK: What becomes of a create

    /// The server has the record of a local id, under an id of its own.
    func complete(_ localID: String, as id: String) throws {
        try db.perform(
            "UPDATE sync_aliases SET server_id = ?, state = 'completed', ended = NULL WHERE local_id = ?",
            .text(id), .text(localID))
        try db.perform(
            "UPDATE sync_aliases SET server_id = ?, ended = NULL WHERE server_id = ?", .text(id), .text(localID))
        store.noteAliases()
    }

    /// The record, or the file with its three ids, was discarded before the server was known to have it.
    func cancel(_ localID: String) throws {
        try db.perform("UPDATE sync_aliases SET state = 'cancelled' WHERE local_id = ?1 OR file = ?1", .text(localID))
    }

    /// A create that the server doesn't have carries no key any more. A record that is made again keeps the key of its
    /// old id here: it tells that it is.
    func dropKey(of localID: String) throws {
        try db.perform(
            "UPDATE sync_aliases SET client_key = NULL WHERE local_id = ? AND client_key = local_id",
            .text(localID))
    }

    // MARK: Other ids

    /// A local id leads to another record of the server's.
    func lead(_ localID: String, to id: String) throws {
        try db.perform(
            "UPDATE sync_aliases SET server_id = ?, ended = NULL WHERE local_id = ?", .text(id), .text(localID))
        store.noteAliases()
    }

    /// A record of the server's has another id there: its former ids lead to the new one, the last of them too.
    func move(_ old: RecordKey, to id: String, as alias: Alias) throws {
        try db.perform(
            "UPDATE sync_aliases SET server_id = ?, ended = NULL WHERE server_id = ? AND collection = ?", .text(id),
            .text(old.id), .text(old.table))
        try db.perform(
            """
            INSERT OR REPLACE INTO sync_aliases (local_id, collection, server_id, user, former_user, state)
            VALUES (?, ?, ?, ?, ?, 'completed')
            """, .text(old.id), .text(old.table), .text(id), .text(alias.user), .optional(alias.formerUser))
        store.noteAliases()
    }

    /// An id leads nowhere any more: it is a record's own once more.
    func release(_ key: RecordKey) throws {
        try db.perform(
            "DELETE FROM sync_aliases WHERE local_id = ? AND collection = ? AND state <> 'pending'", .text(key.id),
            .text(key.table))
    }

    // MARK: Records that are gone

    /// A record is gone: its ids are numbered, behind all that went before. The number, nil for a record that has only
    /// the server's id.
    func end(_ key: RecordKey) throws -> Int64? {
        guard try store.hasAliases() else { return nil }
        let next = try nextEnd()
        let changes = db.totalChangesCount
        try db.perform(
            """
            UPDATE sync_aliases SET ended = ?1 WHERE (server_id = ?2 OR local_id = ?2 OR file IN
                    (SELECT local_id FROM sync_aliases WHERE (server_id = ?2 OR local_id = ?2) AND file IS NOT NULL))
                AND collection = ?3 AND state <> 'pending' AND ended IS NULL
            """, .int(next), .text(key.id), .text(key.table))
        return db.totalChangesCount == changes ? nil : next
    }

    private func nextEnd() throws -> Int64 {
        try db.number("SELECT ifnull(max(ended), 0) + 1 FROM sync_aliases WHERE ended IS NOT NULL")
    }

    /// The number of the record that went first; nil for none.
    func firstEnded() throws -> Int64? {
        try db.first("SELECT min(ended) FROM sync_aliases WHERE ended IS NOT NULL") { $0.isNull(0) ? nil : $0.int(0) }
            .flatMap(\.self)
    }

    /// The ids whose records went at some number or before, the first of them.
    func ended(upTo number: Int64, limit: Int) throws -> [Alias] {
        try db.all(
            "SELECT \(AliasRow.columns) FROM sync_aliases WHERE ended <= ? ORDER BY ended LIMIT ?", .int(number),
            .int(limit), read: AliasRow.read)
    }

    /// Numbers an id anew, behind all others.
    func endAgain(_ localID: String) throws {
        try db.perform(
            "UPDATE sync_aliases SET ended = ? WHERE local_id = ?", .int(try nextEnd()), .text(localID))
    }

    /// The record of an id is there after all.
    func resume(_ localID: String) throws {
        try db.perform("UPDATE sync_aliases SET ended = NULL WHERE local_id = ?", .text(localID))
    }

    /// Forgets an id; false for the newest, which stays, since the next one is numbered by it.
    func forget(_ localID: String) throws -> Bool {
        let changes = db.totalChangesCount
        try db.perform(
            "DELETE FROM sync_aliases WHERE local_id = ? AND number < (SELECT max(number) FROM sync_aliases)",
            .text(localID))
        return db.totalChangesCount != changes
    }

    // MARK: Records that are made again

    /// A record's id stands for a new create, which carries a key of that id.
    func beginAgain(_ key: RecordKey, user: String, clientKey: String) throws {
        try db.perform(
            """
            INSERT OR REPLACE INTO sync_aliases (local_id, collection, user, client_key, state)
            VALUES (?, ?, ?, ?, 'pending')
            """, .text(key.id), .text(key.table), .text(user), .text(clientKey))
        store.noteAliases()
    }

    /// The record was there after all.
    ///
    /// - Parameter isSent: whether its create was sent with its key, so that it may turn up yet, as a copy.
    func callOff(_ key: RecordKey, isSent: Bool) throws {
        if isSent {
            try db.perform(
                """
                UPDATE OR REPLACE sync_aliases SET local_id = client_key, server_id = local_id, state = 'completed'
                WHERE local_id = ? AND collection = ?
                """, .text(key.id), .text(key.table))
        } else {
            try db.perform(
                "DELETE FROM sync_aliases WHERE local_id = ? AND collection = ?", .text(key.id), .text(key.table))
        }
        store.noteAliases()
    }
}
