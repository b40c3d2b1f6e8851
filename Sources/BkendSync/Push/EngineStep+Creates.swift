import BkendWire

/// Creates: sent at most once until the server's word, or a lookup, says otherwise.
extension EngineStep {
    /// Marks a create and hands it over; false when it has to wait.
    func sendCreate(_ entry: OutboxEntry) throws -> Bool {
        if entry.clientKey == nil, turn.shared.flights.pulledTables.contains(entry.table) { return false }
        // What was sent once is sent again byte by byte.
        let body = entry.body ?? JSON.object(entry.sentFields).serialized()
        guard try mark(entry, body: body) else { return false }
        try send(.create(entry.sequence), .create(table: entry.table), body: body, entries: [entry.sequence])
        return true
    }

    /// Makes the in-flight mark. An entry that the store won't let go waits, and the others go on.
    func mark(_ entry: OutboxEntry, body: [UInt8]) throws -> Bool {
        guard let epoch = turn.shared.epoch, let user = turn.shared.session.user else { return false }
        do {
            try tx.markInFlight(entry.sequence, body: body, epoch: epoch, user: user)
            return true
        } catch let error as StoreError {
            if case .notLeader = error.reason { throw error }
            fail(entry.kind.rawValue, table: entry.table, error.wordsWithoutContent)
            wait(entry.sequence)
            return false
        }
    }

    func created(_ sequence: Int64, _ verdict: Verdict) throws {
        // A row that was read meanwhile may have told already, and left an update.
        guard let entry = try tx.entry(sequence), entry.kind == .create else { return }
        let fate = rules.createFate(verdict)
        if try takeCommon(fate, entry, verdict) { return }
        switch fate {
        case .applied(let row?) where !rules.isAnswer(entry, row):
            fail("create", table: entry.table, "the answer is another create's")
            // What became of this one a lookup tells.
            try ambiguous(sequence, verdict)
        case .applied(let row?):
            try tx.adopt(sequence, row: row.text)
            accepted(entry)
        case .duplicate(let error):
            try ambiguous(sequence, verdict)
            // Another unique field, or this very create: the lookup tells, at once.
            state.push.entries[sequence].duplicate = error
            state.push.entries[sequence].wait = nil
        default: try ambiguous(sequence, verdict)
        }
    }

    // MARK: Lookups by client key

    /// Asks for rows that carry the keys of creates whose answers were lost.
    func lookUp(_ table: String, _ sequences: [Int64]) throws {
        let some = Array(sequences.prefix(min(configuration.keysPerLookup, pageLimit(table))))
        let keys = try some.compactMap { try tx.entry($0)?.clientKey }.map(JSON.string)
        let test: FilterOperator = keys.count == 1 ? .equals(keys[0]) : .isIn(keys)
        let query = SubscriptionQuery(table: table, filter: RESTFilter())
        let operation = query.list(
            [Condition(OutboxEntry.clientKeyField, test)], sortBy: .id, limit: pageLimit(table))
        try send(.lookup(table: table, some), operation, entries: some)
    }

    func lookedUp(_ table: String, _ sequences: [Int64], _ verdict: Verdict, _ flight: Flight) throws {
        switch verdict {
        case .done(.page(let page)):
            // A row that bears the key of a waiting create is that record; the store adopts it.
            try take(try tx.receive(page.rows, table: table), table: table)
            let isWhole = !page.hasNext && (page.rows.count < rowLimit(of: flight) || page.rows.count == page.total)
            for sequence in sequences { try notFound(sequence, isWhole: isWhole, sentAt: flight.sentAt) }
        case .pageTooLarge(let error) where shrinkPages(of: table, from: rowLimit(of: flight), to: error): break
        case .pageTooLarge(let error), .denied(let error):
            for sequence in sequences { try unfindable(sequence, error) }
        case .rejected(let error): for sequence in sequences { try unfindable(sequence, error) }
        case .tableRefused(let error):
            pauseTable(table, error)
            for sequence in sequences { wait(sequence) }
        default:
            if case .lost = verdict { shrinkPages(of: table, for: sequences) }
            for sequence in sequences { wait(sequence) }
        }
    }

    /// After a lookup: an entry that is still ambiguous wasn't found.
    private func notFound(_ sequence: Int64, isWhole: Bool, sentAt: SyncInstant) throws {
        guard let entry = try tx.entry(sequence) else { return state.push.entries.forget(sequence) }
        guard entry.state == .ambiguous, isWhole else { return wait(sequence) }
        if let error = state.push.entries[sequence].duplicate { return try reject(entry, duplicate: error) }
        let lost = lostAt(sequence)
        let evidence = LookupEvidence(
            waited: lost.duration(to: sentAt), serverTimeout: configuration.serverTimeout)
        if rules.mayResend(evidence) {
            try tx.requeue(sequence)
            state.push.entries[sequence].wait = nil
        } else {
            let until = lost.advanced(by: configuration.serverDoneAfter)
            state.push.entries[sequence].wait = RetryWait(
                attempts: 0, until: max(until, now.advanced(by: Backoff.floor)))
        }
    }

    private func reject(_ entry: OutboxEntry, duplicate error: ErrorBody) throws {
        // The server has a record with this key and doesn't show it to us.
        let isKey = error.details.contains { $0.field.hasSameBytes(as: OutboxEntry.clientKeyField) }
        if isKey {
            try tx.markUnresolved(entry.sequence, EntryFailure(error))
            state.push.entries.forget(entry.sequence)
        } else {
            try rejected(entry, error)
        }
    }

    /// This user may not look. Where the server keeps keys unique a second copy is harmless; else the app decides.
    private func unfindable(_ sequence: Int64, _ error: ErrorBody) throws {
        guard let entry = try tx.entry(sequence), entry.state == .ambiguous else { return }
        let hasUniqueKey = try tx.facts(of: entry.table)?.hasUniqueKey ?? false
        if hasUniqueKey, state.push.entries[sequence].duplicate == nil {
            let until = lostAt(sequence).advanced(by: configuration.serverDoneAfter)
            if until > now {
                state.push.entries[sequence].wait = RetryWait(attempts: 0, until: until)
            } else {
                try tx.requeue(sequence, after: EntryFailure(error))
            }
        } else {
            try tx.markUnresolved(sequence, EntryFailure(error))
            state.push.entries.forget(sequence)
        }
    }
}
