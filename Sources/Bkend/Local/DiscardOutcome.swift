public import BkendSync

/// The effect of discarding an entry.
public struct DiscardOutcome: Hashable, Sendable {
    /// The removed entries: the discarded one and, for a create, the later entries of its record.
    public var discarded: [OutboxEntry]
    /// Entries of other records that refer to the discarded record. They are dead letters now: remove the id and retry,
    /// or discard them.
    public var failed: [OutboxEntry]

    init(discarding id: OutboxEntry.ID, in transaction: StoreTransaction) throws {
        let before = Set(try transaction.outbox.entries(state: .failed).map(\.sequence))
        discarded = try transaction.decisions.discard(id)
        failed = try transaction.outbox.entries(state: .failed).filter { !before.contains($0.sequence) }
    }
}
