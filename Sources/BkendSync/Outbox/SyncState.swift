/// What the server knows of a record.
public enum SyncState: Hashable, Sendable {
    /// Everything: no write of this record waits.
    case synced
    /// Writes wait in the outbox.
    case pending
    /// A create was sent and nobody can say whether the server has it; the app decides.
    case unresolved
    /// A write was rejected and waits as a dead letter; the first one's reason.
    case failed(EntryFailure)
}
