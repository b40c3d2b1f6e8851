import BkendWire

/// Entries that wait, and what is not known of them.
extension PushMachine {
    /// Lets an entry wait after a failure.
    mutating func wait(_ sequence: Int64, _ turn: inout EngineTurn<some PushStore>) {
        entries[sequence].wait = turn.later(entries[sequence].wait)
    }

    /// Queues an entry again whose request certainly did nothing, and says when it may go out.
    mutating func again(_ sequence: Int64, _ verdict: Verdict, _ turn: inout EngineTurn<some PushStore>) throws {
        guard try putBack(sequence, verdict.failure, &turn) else { return }
        switch verdict {
        // It was looked up before it was handed over, if that was necessary, and nothing of it has left since.
        case .refused: entries[sequence].isAbsent = true
        case .notSent:
            entries[sequence].isAbsent = true
            wait(sequence, &turn)
        // The gate, or the session, says when.
        case .tooMany, .unauthorized, .engineRefused, .tableRefused: break
        default: wait(sequence, &turn)
        }
    }

    /// Takes an entry back whose request certainly did nothing; false where it isn't on its way. Of a change that was sent
    /// before, and whose answer was lost then, that says nothing about the earlier copy: it stays in doubt, so that a
    /// policy is told.
    mutating func putBack(_ sequence: Int64, _ failure: EntryFailure, _ turn: inout EngineTurn<some PushStore>) throws
        -> Bool
    {
        guard let entry = try turn.store.entry(sequence), entry.state == .inFlight else { return false }
        if entry.kind == .update, entries[sequence].lostAt != nil {
            try turn.store.markAmbiguous(sequence, failure)
        } else {
            try turn.store.requeue(sequence, after: failure)
        }
        entries[sequence].copy = nil
        return true
    }

    /// Nobody knows whether an entry was applied.
    mutating func ambiguous(_ sequence: Int64, _ verdict: Verdict, _ turn: inout EngineTurn<some PushStore>) throws {
        guard try turn.store.entry(sequence)?.state == .inFlight else { return }
        try turn.store.markAmbiguous(sequence, verdict.failure)
        entries[sequence].lostAt = turn.now
        entries[sequence].copy = nil
        wait(sequence, &turn)
    }

    /// An entry that was sent before in vain is done: a delayed copy of its request may still arrive and undo what later
    /// entries of the record set, so these wait until a server can't be at it any more.
    mutating func holdLane(of entry: OutboxEntry, _ turn: inout EngineTurn<some PushStore>) throws {
        guard entry.state == .ambiguous || entries[entry.sequence].lostAt != nil else { return }
        let until = lostAt(entry.sequence).advanced(by: turn.configuration.serverTimeout)
        guard until > turn.now else { return }
        holds[RecordKey(entry.table, entry.record)] = until
        try storeHolds(&turn)
    }

    /// When an ambiguous entry's answer was lost, at the latest.
    func lostAt(_ sequence: Int64) -> SyncInstant { entries[sequence].lostAt ?? startedAt }

    /// The answer to a list of so many entries' records was lost: the next is shorter where it happened before.
    func shrinkPages(of table: String, for sequences: [Int64], _ turn: inout EngineTurn<some PushStore>) {
        if sequences.contains(where: { entries[$0].wait?.attempts ?? 0 > 0 }) {
            turn.shrinkPages(of: table, from: sequences.count)
        }
    }
}

extension Verdict {
    /// As an entry remembers it.
    var failure: EntryFailure {
        switch self {
        case .rejected(let error), .pageTooLarge(let error), .denied(let error), .unauthorized(let error),
            .tableRefused(let error),
            .engineRefused(let error):
            EntryFailure(error)
        case .done: EntryFailure(code: "malformedAnswer", message: "the response doesn't match the request")
        case .missing: EntryFailure(code: ErrorCode.notFound.rawValue, message: "there is no such record", status: 404)
        case .tooMany: EntryFailure(code: ErrorCode.rateLimitExceeded.rawValue, message: "too many requests")
        case .tooLong: EntryFailure(code: "tooLong", message: "the URL is too long", status: 414)
        case .serverFailed(let status, _):
            EntryFailure(code: "serverFailed", message: "the server failed", status: status)
        case .foreign(let status, let message): EntryFailure(code: "foreignAnswer", message: message, status: status)
        case .notSent(let failure), .lost(let failure):
            EntryFailure(code: failure.kind.rawValue, message: failure.message)
        case .refused: EntryFailure(code: "notSent", message: "the write's user isn't signed in")
        case .storage(.expired(let failure)), .storage(.refused(let failure)), .storage(.silent(let failure, _)),
            .storage(.bytesMissing(let failure)):
            failure
        case .storage(.stored), .storage(.taken), .bytes:
            EntryFailure(code: "storage", message: "the storage answered")
        }
    }
}
