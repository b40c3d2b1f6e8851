import BkendWire

/// Creates that carry no key, and whose answers were lost.
extension EngineStep {
    /// Looks at the newest rows of this user, once a server can't be at the create any more.
    func settleKeyless(_ entry: OutboxEntry) throws {
        let until = lostAt(entry.sequence).advanced(by: configuration.serverDoneAfter)
        if until > now {
            state.push.entries[entry.sequence].wait = RetryWait(attempts: 0, until: until)
            return
        }
        let query = SubscriptionQuery(table: entry.table, filter: RESTFilter())
        let own = Condition(SystemField.createdBy.rawValue, .equals(.string(entry.user)))
        let operation = query.list([own], sortBy: .id, .descending, limit: pageLimit(entry.table))
        try send(.settle(entry.sequence), operation, entries: [entry.sequence])
    }

    /// Takes the one row that says what was sent and wasn't known before; anything else is for the app to decide. A row
    /// that isn't there may still come, and without a key nothing would tell it from another: it is never sent again.
    func settled(_ sequence: Int64, _ verdict: Verdict, _ flight: Flight) throws {
        guard let entry = try tx.entry(sequence), entry.state == .ambiguous else { return }
        switch verdict {
        case .done(.page(let page)):
            let rows = try page.rows.filter { row in
                // A row with a key is a create's that has one.
                guard row.clientKey == nil, try tx.document(entry.table, row.id) == nil else { return false }
                return CreateMatch.isMatch(entry, try row.document())
            }
            let others = try tx.entries(table: entry.table, state: .ambiguous).contains {
                $0.kind == .create && $0.clientKey == nil && $0.sequence != sequence
            }
            let isClear = try !entry.user.isEmpty && !others && isWholeTableKnown(entry.table)
            if rows.count == 1, isClear {
                try tx.adopt(sequence, row: rows[0].text)
                return accepted(entry)
            }
            try tx.markUnresolved(
                sequence,
                EntryFailure(
                    code: "unresolved",
                    message: "the response was lost and the table has no clientKey; \(rows.count) rows could be it"))
            state.push.entries.forget(sequence)
        case .pageTooLarge(let error) where shrinkPages(of: entry.table, from: rowLimit(of: flight), to: error): break
        case .denied(let error), .rejected(let error), .pageTooLarge(let error), .tableRefused(let error):
            try tx.markUnresolved(sequence, EntryFailure(error))
            state.push.entries.forget(sequence)
        default: wait(sequence)
        }
    }

    /// Whether every row that was there before is known here.
    private func isWholeTableKnown(_ table: String) throws -> Bool {
        try tx.subscriptions(of: table).contains { $0.filter.isEmpty && $0.progress.isFilled }
    }
}

/// Whether a row says what a create set.
enum CreateMatch {
    /// Every field that was sent is there with its value, or with the same moment in the server's spelling; more fields
    /// may have been added as defaults.
    static func isMatch(_ entry: OutboxEntry, _ row: JSONObject) -> Bool {
        entry.fields.allSatisfy { field, value in row[field].map { isSame($0, value) } ?? false }
    }

    /// Whether a row can be the answer to a create. The key says so; where the row shows none, no field that it shows may
    /// be another than was sent.
    static func isAnswer(_ entry: OutboxEntry, _ row: AnswerRow) -> Bool {
        if let theirs = row.clientKey { return entry.clientKey.map { $0.hasSameBytes(as: theirs) } ?? false }
        guard let document = try? row.document() else { return true }
        return entry.fields.allSatisfy { field, value in document[field].map { isSame($0, value) } ?? true }
    }

    private static func isSame(_ theirs: JSON, _ mine: JSON) -> Bool {
        if theirs.says(sameAs: mine) { return true }
        guard let mine = mine.stringValue.flatMap({ Timestamp($0) }),
            let other = theirs.stringValue.flatMap({ Timestamp($0) })
        else { return false }
        return mine == other
    }
}
