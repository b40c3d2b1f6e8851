public import BkendSync

/// What discarding an entry does to others.
public struct DiscardOutcome: Hashable, Sendable {
    /// The entries that are gone: the one discarded, and with a create the later ones of its record.
    public var discarded: [OutboxEntry]
    /// Entries of other records that name the discarded one, dead letters now: edit the id out and retry, or discard them.
    public var failed: [OutboxEntry]

    init(discarding id: OutboxEntry.ID, in transaction: StoreTransaction) throws {
        let before = Set(try transaction.entries(state: .failed).map(\.sequence))
        discarded = try transaction.discard(id)
        failed = try transaction.entries(state: .failed).filter { !before.contains($0.sequence) }
    }
}
