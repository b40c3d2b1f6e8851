import BkendWire

/// Creates: sent at most once until the server's word, or a lookup, says otherwise.
extension PushMachine {
    /// Marks a create and hands it over; false when it has to wait.
    mutating func sendCreate(_ entry: OutboxEntry, _ turn: inout EngineTurn<some PushStore>) throws -> Bool {
        if entry.clientKey == nil, turn.shared.flights.pulledTables.contains(entry.table) { return false }
        // What was sent once is sent again byte by byte.
        let body = entry.body ?? JSON.object(entry.sentFields).serialized()
        guard try mark(entry, body: body, &turn) else { return false }
        try turn.send(.create(entry.sequence), .create(table: entry.table), body: body, entries: [entry.sequence])
        return true
    }

    /// Makes the in-flight mark. An entry that the store won't let go waits, and the others go on.
    mutating func mark(_ entry: OutboxEntry, body: [UInt8], _ turn: inout EngineTurn<some PushStore>) throws -> Bool {
        guard let epoch = turn.shared.epoch, let user = turn.shared.session.user else { return false }
        do {
            try turn.store.markInFlight(entry.sequence, body: body, epoch: epoch, user: user)
            entries[entry.sequence].isAbsent = false
            return true
        } catch let error as StoreError {
            if case .notLeader = error.reason { throw error }
            turn.fail(entry.kind.rawValue, table: entry.table, error.wordsWithoutContent)
            wait(entry.sequence, &turn)
            return false
        }
    }

    mutating func created(_ sequence: Int64, _ verdict: Verdict, _ turn: inout EngineTurn<some PushStore>) throws {
        // A row that was read meanwhile may have told already, and left an update.
        guard let entry = try turn.store.entry(sequence), entry.kind == .create else { return }
        let fate = turn.rules.createFate(verdict)
        if try takeCommon(fate, entry, verdict, &turn) { return }
        switch fate {
        case .applied(let row?) where !turn.rules.isAnswer(entry, row):
            turn.fail("create", table: entry.table, "the answer is another create's")
            // What became of this one a lookup tells.
            try ambiguous(sequence, verdict, &turn)
        case .applied(let row?):
            try turn.store.adopt(sequence, row: row.text)
            accepted(entry)
        case .duplicate(let error):
            try ambiguous(sequence, verdict, &turn)
            // Another unique field, or this very create: the lookup tells, at once.
            entries[sequence].duplicate = error
            entries[sequence].wait = nil
        default: try ambiguous(sequence, verdict, &turn)
        }
    }

    // MARK: Lookups by client key

    /// Whether a create must be looked up before it is sent again. A refusal doesn't show whose it is: a broken proxy may
    /// deliver another request's. Where the server keeps keys unique, a second copy is refused; elsewhere only a lookup
    /// shows that there is no first one.
    func mustLookUp(_ entry: OutboxEntry, _ turn: EngineTurn<some PushStore>) throws -> Bool {
        guard entry.clientKey != nil, entry.attempts > 0, !entries[entry.sequence].isAbsent else { return false }
        return try turn.store.facts(of: entry.table)?.hasUniqueKey != true
    }

    /// Asks for rows that carry the keys of creates whose answers were lost.
    mutating func lookUp(_ table: String, _ sequences: [Int64], _ turn: inout EngineTurn<some PushStore>) throws {
        let some = Array(sequences.prefix(min(turn.configuration.keysPerLookup, turn.pageLimit(table))))
        let keys = try some.compactMap { try turn.store.entry($0)?.clientKey }.map(JSON.string)
        let test: FilterOperator = keys.count == 1 ? .equals(keys[0]) : .isIn(keys)
        let query = SubscriptionQuery(table: table, filter: RESTFilter())
        let operation = query.list(
            [Condition(OutboxEntry.clientKeyField, test)], sortBy: .id, limit: turn.pageLimit(table))
        try turn.send(.lookup(table: table, some), operation, entries: some)
    }

    mutating func lookedUp(
        _ table: String, _ sequences: [Int64], _ verdict: Verdict, _ flight: Flight,
        _ turn: inout EngineTurn<some PushStore>
    ) throws {
        let limit = flight.rowLimit(turn.configuration)
        switch verdict {
        case .done(.page(let page)):
            // A row that bears the key of a waiting create is that record; the store adopts it.
            let received = try turn.store.receive(
                page.rows, table: table, subscription: nil, askedAt: nil, isFresh: false)
            take(received, table: table, &turn)
            let isLast = page.rows.count < limit || page.rows.count == page.total
            for sequence in sequences {
                try notFound(sequence, isWhole: isLast && !page.hasNext, sentAt: flight.sentAt, &turn)
            }
        case .pageTooLarge(let error) where turn.shrinkPages(of: table, from: limit, to: error): break
        case .pageTooLarge(let error), .denied(let error):
            for sequence in sequences { try unfindable(sequence, error, &turn) }
        case .rejected(let error): for sequence in sequences { try unfindable(sequence, error, &turn) }
        case .tableRefused(let error):
            pauseTable(table, error, &turn)
            for sequence in sequences { wait(sequence, &turn) }
        default:
            if case .lost = verdict { shrinkPages(of: table, for: sequences, &turn) }
            for sequence in sequences { wait(sequence, &turn) }
        }
    }

    /// After a lookup: an entry that is still ambiguous wasn't found.
    private mutating func notFound(
        _ sequence: Int64, isWhole: Bool, sentAt: SyncInstant, _ turn: inout EngineTurn<some PushStore>
    ) throws {
        guard let entry = try turn.store.entry(sequence) else { return entries.forget(sequence) }
        guard entry.state == .ambiguous || entry.state == .queued, isWhole else { return wait(sequence, &turn) }
        if entry.state == .queued {
            // Its request was answered, so no copy of it is still to come.
            entries[sequence].isAbsent = true
            entries[sequence].wait = nil
            return
        }
        if let error = entries[sequence].duplicate { return try reject(entry, duplicate: error, &turn) }
        let lost = lostAt(sequence)
        let evidence = LookupEvidence(
            waited: lost.duration(to: sentAt), serverTimeout: turn.configuration.serverTimeout)
        if turn.rules.mayResend(evidence) {
            try turn.store.requeue(sequence, after: nil)
            entries[sequence].wait = nil
            entries[sequence].isAbsent = true
        } else {
            let until = lost.advanced(by: turn.configuration.serverDoneAfter)
            entries[sequence].wait = RetryWait(
                attempts: 0, until: max(until, turn.now.advanced(by: Backoff.floor)))
        }
    }

    private mutating func reject(
        _ entry: OutboxEntry, duplicate error: ErrorBody, _ turn: inout EngineTurn<some PushStore>
    ) throws {
        // The server has a record with this key and doesn't show it to us.
        let isKey = error.details.contains { $0.field.hasSameBytes(as: OutboxEntry.clientKeyField) }
        if isKey {
            try turn.store.markUnresolved(entry.sequence, EntryFailure(error))
            entries.forget(entry.sequence)
        } else {
            try rejected(entry, error, &turn)
        }
    }

    /// This user may not look. Where the server keeps keys unique a second copy is harmless; else the app decides.
    private mutating func unfindable(_ sequence: Int64, _ error: ErrorBody, _ turn: inout EngineTurn<some PushStore>)
        throws
    {
        guard let entry = try turn.store.entry(sequence) else { return }
        // The server refused it, and there is nothing more to be learnt about that.
        if entry.state == .queued { entries[sequence].isAbsent = true }
        guard entry.state == .ambiguous else { return }
        let hasUniqueKey = try turn.store.facts(of: entry.table)?.hasUniqueKey ?? false
        if hasUniqueKey, entries[sequence].duplicate == nil {
            let until = lostAt(sequence).advanced(by: turn.configuration.serverDoneAfter)
            if until > turn.now {
                entries[sequence].wait = RetryWait(attempts: 0, until: until)
            } else {
                try turn.store.requeue(sequence, after: EntryFailure(error))
            }
        } else {
            try turn.store.markUnresolved(sequence, EntryFailure(error))
            entries.forget(sequence)
        }
    }
}
