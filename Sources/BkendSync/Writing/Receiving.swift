import BkendWire

/// Rows from the server on their way in (sync.md, "Rows from the server").
package struct Receiving: StorePart {
    let store: StoreTransaction

    /// Takes rows given as the JSON texts that the server wrote; see `receive` for rows that were read.
    package func receive(
        _ texts: [[UInt8]], table: String, subscription: Int64? = nil, askedAt mark: Int64? = nil,
        isFresh: Bool = false, isKept: Bool = false
    ) throws -> Received {
        var rows: [AnswerRow] = []
        var malformed: [String] = []
        for text in texts {
            do throws(StoreError) { rows.append(try AnswerRow(text, table: table)) } catch {
                guard case .malformedRow(let flaw) = error.reason else { throw error }
                malformed.append(flaw)
            }
        }
        var received = try receive(
            rows, table: table, subscription: subscription, askedAt: mark, isFresh: isFresh, isKept: isKept)
        received.malformed = malformed
        return received
    }

    /// Takes rows of a list or of a read by id. A row equal to what is stored changes nothing; a record with waiting
    /// entries takes the row as its base; a row that carries the key of a waiting create is that record.
    ///
    /// - Parameters:
    ///   - rows: what the server answered.
    ///   - subscription: the one whose answer it is; the rows become its members.
    ///   - mark: `mark` at the time the request was sent: rows of records answered since are set aside.
    ///   - isFresh: a read by id, sent after anything that made the row doubtful: it is believed even when it is older
    ///     than what is known.
    ///   - isKept: whether rows stay that no subscription lists, until they are evicted: the app asked for them.
    package func receive(
        _ rows: [AnswerRow], table: String, subscription: Int64? = nil, askedAt mark: Int64? = nil,
        isFresh: Bool = false, isKept: Bool = false
    ) throws -> Received {
        if let flaw = TableName.flaw(in: table) { throw StoreError(.invalidTable(flaw), table: table) }
        if let subscription, try store.subscriptions.subscription(subscription) == nil {
            throw StoreError(.noSuchSubscription(subscription), table: table)
        }
        var received = Received()
        var taken: [String] = []
        var changed: [String] = []
        if try areUnknown(rows, table: table) {
            try store.changes.showNew(rows, table: table)
            received.changed = rows.count
            taken = rows.map(\.id)
            changed = taken
        } else {
            let hasSettled = try store.settled.hasAny()
            for row in rows {
                if hasSettled, try isStale(row, table: table, askedAt: mark, isFresh: isFresh, &received) { continue }
                let before = received.changed
                guard try take(row, table: table, isFresh: isFresh, &received) else { continue }
                taken.append(row.id)
                if received.changed > before { changed.append(row.id) }
            }
        }
        if let subscription {
            try store.members.join(subscription, taken, provisionally: false)
            // Leaving this subscription, they must not vanish before another one has come to know them.
            let others = try store.subscriptions.all(of: table).filter { $0.number != subscription }
            try store.members.joinMatching(changed, of: table, others)
        } else if !isKept {
            store.candidates += taken.map { RecordKey(table, $0) }
        }
        return received
    }

    /// Whether rows in the order of their ids are new to the store: it has no record, no entry and no memory of any id
    /// from the first to the last. Nearly every page of a first pull is such a one, and then its rows need not be looked
    /// up one by one.
    private func areUnknown(_ rows: [AnswerRow], table: String) throws -> Bool {
        guard let first = rows.first?.id, let last = rows.last?.id else { return false }
        for next in rows.indices.dropFirst() where !rows[next - 1].id.precedesInBytes(rows[next].id) { return false }
        if rows.indices.contains(where: { store.changes.isTouched(RecordKey(table, rows[$0].id)) }) { return false }
        if try store.hasAliases() {
            if rows.indices.contains(where: { rows[$0].clientKey != nil }) { return false }
            let aliases = "SELECT 1 FROM sync_aliases WHERE local_id BETWEEN ? AND ? LIMIT 1"
            if try db.number(aliases, .text(first), .text(last)) != 0 { return false }
        }
        for memory in ["sync_entries", "sync_settled"] {
            let known = "SELECT 1 FROM \(memory) WHERE collection = ? AND record BETWEEN ? AND ? LIMIT 1"
            if try db.number(known, .text(table), .text(first), .text(last)) != 0 { return false }
        }
        return try store.collection(table)?.hasDocument(from: first, through: last, in: db) != true
    }

    private func isStale(
        _ row: AnswerRow, table: String, askedAt mark: Int64?, isFresh: Bool, _ received: inout Received
    ) throws -> Bool {
        guard let settled = try store.settled.state(of: RecordKey(table, row.id)) else { return false }
        let isOvertaken = mark.map { settled.mark > $0 } ?? false
        if settled.isDeleted {
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
    private func take(_ row: AnswerRow, table: String, isFresh: Bool, _ received: inout Received) throws -> Bool {
        let key = RecordKey(table, row.id)
        if let alias = try store.keys.alias(of: row, table: table) {
            switch alias.state {
            case .cancelled:
                guard try store.keys.isCancelled(row, table: table) else { break }
                received.cancelled.append(row.id)
                return false
            case .pending:
                guard
                    let create = try store.outbox.lane(RecordKey(table, alias.localID)).first(where: {
                        $0.kind == .create
                    })
                else {
                    break
                }
                try store.adopting.adopt(
                    create, row, isMadeElsewhere: store.recreating.isMadeElsewhere(row, create))
                received.adopted.append(create.sequence)
                received.changed += 1
                return true
            case .completed:
                guard let original = try store.keys.original(ofCopy: row, table: table) else { break }
                received.twins.append(
                    Received.Twin(id: row.id, original: original, isShared: alias.isMadeAgain))
                return false
            }
        }
        let last = try store.hasEntries() ? store.outbox.lastLive(key) : nil
        if last != nil, isFresh, let create = try store.recreating.callable(key) {
            try store.recreating.callOff(create, for: row)
            received.calledOff.append(create.sequence)
            received.changed += 1
            return true
        }
        if last != nil,
            let holding = try store.outbox.lane(key).first(where: {
                $0.state == .inFlight || $0.isLive && $0.kind == .create
            })
        {
            // Whether the record was made again must be known first: reading the old one again tells nothing more.
            if !isFresh || holding.state == .inFlight { received.setAside.append(row.id) }
            return false
        }
        let now = try store.changes.now(key)
        if last == nil, now == nil { try release(key) }
        if let known = last == nil ? now : try store.documents.storedBase(key) {
            let document = try DocumentReader.object(known)
            if !isFresh && row.isOlder(than: document) {
                received.setAside.append(row.id)
                return false
            }
            if try known == row.text || document.says(sameAs: row.document()) { return true }
        }
        if isFresh { try store.settled.forget(key) }
        received.changed += 1
        if last == nil {
            try store.changes.show(row.text, at: key, isChecked: true)
        } else {
            try store.lanes.rebuild(key, base: row.text)
        }
        return true
    }

    /// A record that was made again under another id is back, from a backup for example: its id is its own once more.
    private func release(_ key: RecordKey) throws {
        if try store.hasAliases() { try store.aliases.release(key) }
    }
}

extension StoreTransaction {
    /// Rows from the server on their way in.
    package var receiving: Receiving { Receiving(store: self) }
}
