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
