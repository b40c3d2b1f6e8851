/// What the engine is told.
package enum EngineEvent: Sendable, Hashable {
    /// Begin: take the lead, settle what was in flight at the last stop, sync.
    case start
    /// End; another process may take the lead.
    case stop
    /// Send nothing until `resume`.
    case pause
    /// Go on after `pause`.
    case resume
    /// Push and pull now, whatever the timers say.
    case syncNow
    /// Send the files that wait now, whatever the options say of them.
    case uploadNow
    /// Something was written to the outbox, or a dead letter was retried, edited or discarded, by any process.
    case localWrite
    /// The moment of the last `wake` has come.
    case timer
    /// What the system says of the network.
    case networkChanged(reachable: Bool)
    /// What became of a request, and what that means where it was read already (`SyncRules.verdict`): a performer may do
    /// so beside the transaction under way, since it asks nothing of the store. Nil leaves it to the machine.
    case answered(RequestID, SyncResponse, read: Verdict? = nil)
    /// What became of the `refreshSession` of that generation; one of another says nothing about the present session.
    case sessionRefreshed(SessionOutcome, generation: Int)
    /// Who is signed in now: a user id, `""` for a guest, nil for nobody.
    case sessionChanged(user: String?)
    /// A subscription was added, changed or removed.
    case subscriptionsChanged
}

/// What the engine wants done. Effects are performed in order, after the transaction that decided them is durable.
package enum EngineEffect: Sendable, Hashable {
    /// Send a request; its fate comes back as `EngineEvent.answered`, exactly once.
    case send(RequestID, SyncRequest)
    /// Let go of a request: nobody waits for its fate any more, and an `answered` for it is ignored.
    case cancel(RequestID)
    /// Refresh the session, once for all that wait; the fate comes back as `EngineEvent.sessionRefreshed`
    /// with the same generation.
    case refreshSession(generation: Int)
    /// The one timer; replaces the earlier one. Nil is none.
    case wake(at: SyncInstant?)
    /// The published status; sent when it differs from the last one.
    case status(SyncStatus)
}
