import BkendDocuments
import BkendWire

/// Rows from the server on their way in (sync.md, "Pull").
extension StoreTransaction {
    /// Takes rows of a list or of a read by id. A row equal to what is stored changes nothing; a record with waiting
    /// entries takes the row as its base; a row that carries the key of a waiting create is that record.
    ///
    /// - Parameters:
    ///   - rows: each row's JSON text as the server wrote it.
    ///   - subscription: the one whose answer it is; the rows become its members.
    ///   - mark: `mark` at the time the request was sent: rows of records answered since are set aside.
    ///   - isFresh: a read by id, sent after anything that made the row doubtful: it is believed even when it is older
    ///     than what is known.
    package func receive(
        _ rows: [[UInt8]], table: String, subscription: Int64? = nil, askedAt mark: Int64? = nil, isFresh: Bool = false
    ) throws -> Received {
        if let flaw = TableName.flaw(in: table) { throw StoreError(.invalidTable(flaw), table: table) }
        if let subscription, try self.subscription(subscription) == nil {
            throw StoreError(.noSuchSubscription(subscription), table: table)
        }
        var received = Received()
        let hasSettled = try db.number("SELECT 1 FROM sync_settled LIMIT 1") != 0
        let reader = ServerRow.reader()
        for text in rows {
            do {
                let row = try ServerRow(text, table: table, reader: reader)
                if hasSettled, try isStale(row, table: table, askedAt: mark, isFresh: isFresh, &received) { continue }
                guard try take(row, table: table, isFresh: isFresh, &received) else { continue }
                let key = RecordKey(table, row.id)
                if let subscription {
                    try join(subscription, key, provisionally: false)
                } else {
                    candidates.append(key)
                }
            } catch let error as StoreError {
                guard case .malformedRow(let flaw) = error.reason else { throw error }
                received.malformed.append(flaw)
            }
        }
        return received
    }

    /// Shows a second copy of a record like any other from now on: the server doesn't let this user delete it.
    package func keepTwin(_ table: String, _ id: String) throws {
        try db.perform("INSERT OR IGNORE INTO sync_twins (collection, record) VALUES (?, ?)", .text(table), .text(id))
    }

    private func isStale(
        _ row: ServerRow, table: String, askedAt mark: Int64?, isFresh: Bool, _ received: inout Received
    ) throws -> Bool {
        let settled = try db.first(
            "SELECT mark, deleted FROM sync_settled WHERE collection = ? AND record = ?", .text(table), .text(row.id)
        ) { ($0.int(0), $0.int(1) != 0) }
        guard let settled else { return false }
        let isOvertaken = mark.map { settled.0 > $0 } ?? false
        if settled.1 {
            // A read by id that was sent after the deletion tells that the record is back.
            if isFresh && !isOvertaken { return false }
            received.shadowed.append(row.id)
            return true
        }
        guard isOvertaken else { return false }
        received.setAside.append(row.id)
        return true
    }

    /// Whether the row was taken.
    private func take(_ row: ServerRow, table: String, isFresh: Bool, _ received: inout Received) throws -> Bool {
        let key = RecordKey(table, row.id)
        if let clientKey = row.clientKey, try hasAliases(),
            let alias = try aliases(clientKey: clientKey).first(where: { isOwn($0, row, table: table) })
        {
            switch alias.state {
            case .cancelled:
                if try isKeptTwin(key) { break }
                received.cancelled.append(row.id)
                return false
            case .pending:
                guard let create = try lane(RecordKey(table, alias.localID)).first(where: { $0.kind == .create }) else {
                    break
                }
                try adopt(create, row, isMadeElsewhere: isMadeElsewhere(row, create))
                received.adopted.append(create.sequence)
                received.changed += 1
                return true
            case .completed:
                guard let original = alias.serverID, !original.hasSameBytes(as: row.id), try !isKeptTwin(key) else {
                    break
                }
                received.twins.append(Received.Twin(id: row.id, original: original))
                return false
            }
        }
        let last = try hasEntries() ? lastLive(key) : nil
        if last != nil, try lane(key).contains(where: { $0.state == .inFlight || $0.isLive && $0.kind == .create }) {
            received.setAside.append(row.id)
            return false
        }
        let position = try touch(key)
        if last == nil, touched[position].now == nil { try liveAgain(row.id, table: table) }
        if let known = last == nil ? touched[position].now : try storedBase(key) {
            let document = try DocumentReader.object(known)
            if !isFresh && row.isOlder(than: document) {
                received.setAside.append(row.id)
                return false
            }
            if try known == row.text || document.says(sameAs: row.document()) { return true }
        }
        if isFresh { try unsettle(key) }
        received.changed += 1
        if last == nil {
            try show(row.text, at: key, isChecked: true)
        } else {
            try rebuild(key, base: row.text)
        }
        return true
    }

    /// A record that was made again under another id is back, from a backup for example: its id is its own once more.
    private func liveAgain(_ id: String, table: String) throws {
        guard try hasAliases() else { return }
        try db.perform(
            "DELETE FROM sync_aliases WHERE local_id = ? AND collection = ? AND state = 'completed'", .text(id),
            .text(table))
    }

    private func isOwn(_ alias: Alias, _ row: ServerRow, table: String) -> Bool {
        alias.table.hasSameBytes(as: table)
            && [alias.user, alias.formerUser].contains { $0?.hasSameBytes(as: row.createdBy) == true }
    }

    private func isKeptTwin(_ key: RecordKey) throws -> Bool {
        let sql = "SELECT 1 FROM sync_twins WHERE collection = ? AND record = ?"
        return try db.number(sql, .text(key.table), .text(key.id)) != 0
    }
}
