import BkendWire

/// The states of an entry on its way. Only the leader calls these.
package struct Sending: StorePart {
    let store: StoreTransaction

    /// Begins to lead: the new epoch. What an earlier leader had in flight is ambiguous from now on.
    ///
    /// - Throws: `StoreError.Reason.beingTakenOver`
    package func lead() throws -> Int64 {
        if try store.moving != nil { throw StoreError(.beingTakenOver) }
        let epoch = try store.advance("epoch")
        try store.outbox.loseFlights(before: epoch)
        return epoch
    }

    /// Notes that an entry's request is about to leave, with its exact body. Send only after this was committed.
    ///
    /// - Throws: `StoreError` when another process leads, the sender is not the user who made the write, or the entry
    ///   is not the first of its lane, waits for a record, or isn't queued.
    package func markInFlight(_ sequence: Int64, body: [UInt8], epoch: Int64, user: String) throws {
        try store.requireLeader(epoch)
        var entry = try store.outbox.require(sequence, in: [.queued])
        let isOwn = try entry.user.hasSameBytes(as: user) && store.owner.hasSameBytes(as: user)
        if !isOwn { throw StoreError(.otherUser(sequence), table: entry.table, record: entry.record) }
        if try !store.queue.isReady(entry) {
            throw StoreError(.notReady(sequence), table: entry.table, record: entry.record)
        }
        entry.state = .inFlight
        entry.epoch = epoch
        entry.body = body
        entry.attempts += 1
        try store.outbox.save(entry)
    }

    /// Notes that an entry was sent and got no proper answer.
    package func markAmbiguous(_ sequence: Int64, _ failure: EntryFailure? = nil) throws {
        try change(sequence, from: [.inFlight, .ambiguous], to: .ambiguous, failure)
    }

    /// Notes that nobody can say whether the server has a create's record: the app decides. What waits for it is
    /// blocked.
    package func markUnresolved(_ sequence: Int64, _ failure: EntryFailure? = nil) throws {
        try change(sequence, from: [.queued, .inFlight, .ambiguous, .unresolved], to: .unresolved, failure)
    }

    /// Queues an entry again: it did not reach the server, or may safely be sent once more. It keeps its body, since
    /// what was sent is never edited.
    package func requeue(_ sequence: Int64, after failure: EntryFailure? = nil) throws {
        try change(sequence, from: [.inFlight, .ambiguous, .unresolved, .queued], to: .queued, failure)
    }

    /// Makes a dead letter of an entry that the server rejected; see `Rejecting`.
    package func fail(_ sequence: Int64, because failure: EntryFailure) throws {
        try store.rejecting.bury(
            try store.outbox.require(sequence, in: [.queued, .inFlight, .ambiguous, .unresolved]), because: failure)
    }

    private func change(
        _ sequence: Int64, from states: [OutboxEntry.State], to state: OutboxEntry.State, _ failure: EntryFailure?
    ) throws {
        var entry = try store.outbox.require(sequence, in: states)
        try store.changes.touch(RecordKey(entry.table, entry.record))
        entry.state = state
        if let failure { entry.failure = failure }
        try store.outbox.save(entry)
    }
}

extension StoreTransaction {
    /// The states of an entry on its way.
    package var sending: Sending { Sending(store: self) }
}
