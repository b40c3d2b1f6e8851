import BkendWire

/// Creates that carry no key, and whose answers were lost.
extension PushMachine {
    /// Looks at the newest rows of this user, once a server can't be at the create any more.
    mutating func settleKeyless(_ entry: OutboxEntry, _ turn: inout EngineTurn<some PushStore>) throws {
        let until = lostAt(entry.sequence).advanced(by: turn.configuration.serverDoneAfter)
        if until > turn.now {
            entries[entry.sequence].wait = RetryWait(attempts: 0, until: until)
            return
        }
        let query = SubscriptionQuery(table: entry.table, filter: RESTFilter())
        let own = Condition(SystemField.createdBy.rawValue, .equals(.string(entry.user)))
        let operation = query.list([own], sortBy: .id, .descending, limit: turn.pageLimit(entry.table))
        try turn.send(.settle(entry.sequence), operation, entries: [entry.sequence])
    }

    /// Takes the one row that says what was sent and wasn't known before; anything else is for the app to decide. A row
    /// that isn't there may still come, and without a key nothing would tell it from another: it is never sent again.
    mutating func settled(
        _ sequence: Int64, _ verdict: Verdict, _ flight: Flight, _ turn: inout EngineTurn<some PushStore>
    ) throws {
        guard let entry = try turn.store.entry(sequence), entry.state == .ambiguous else { return }
        let limit = flight.rowLimit(turn.configuration)
        switch verdict {
        case .done(.page(let page)):
            let rows = try page.rows.filter { row in
                // A row with a key is a create's that has one.
                guard row.clientKey == nil, try !turn.store.isKnown(entry.table, row.id) else { return false }
                return CreateMatch.isMatch(entry, try row.document())
            }
            let others = try turn.store.entries(
                table: entry.table, state: .ambiguous, after: 0, limit: .max
            ).contains {
                $0.kind == .create && $0.clientKey == nil && $0.sequence != sequence
            }
            let isClear = try !entry.user.isEmpty && !others && isWholeTableKnown(entry.table, turn)
            if rows.count == 1, isClear {
                try turn.store.adopt(sequence, row: rows[0].text)
                return accepted(entry)
            }
            try turn.store.markUnresolved(
                sequence,
                EntryFailure(
                    code: "unresolved",
                    message: "the response was lost and the table has no clientKey; \(rows.count) rows could be it"))
            entries.forget(sequence)
        case .pageTooLarge(let error) where turn.shrinkPages(of: entry.table, from: limit, to: error): break
        case .denied(let error), .rejected(let error), .pageTooLarge(let error), .tableRefused(let error):
            try turn.store.markUnresolved(sequence, EntryFailure(error))
            entries.forget(sequence)
        default: wait(sequence, &turn)
        }
    }

    /// Whether every row that was there before is known here.
    private func isWholeTableKnown(_ table: String, _ turn: EngineTurn<some PushStore>) throws -> Bool {
        try turn.store.subscriptions(of: table).contains { $0.filter.isEmpty && $0.progress.isFilled }
    }
}
