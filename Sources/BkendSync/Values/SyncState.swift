/// Whether the server has all writes of a record.
///
/// ```swift
/// switch state {
/// case .synced: ""
/// case .pending: "↑"
/// case .failed(let failure): "! \(failure.message)"
/// case .unresolved: "?"
/// }
/// ```
public enum SyncState: Hashable, Sendable {
    /// The server has all writes of this record.
    case synced
    /// Writes wait in the outbox.
    case pending
    /// A create was sent, and it is unknown whether the server has the record. The app decides.
    case unresolved
    /// A write was rejected and is a dead letter; the reason of the first one.
    case failed(EntryFailure)
}
