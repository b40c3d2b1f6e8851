import BkendSync

/// The number of waiting writes, by what they wait for.
public struct OutboxCounts: Hashable, Sendable {
    /// Writes that wait for their turn.
    public var queued: Int
    /// Writes that are being sent, or were sent without a proper response yet.
    public var sending: Int
    /// Writes that wait for a stuck entry.
    public var blocked: Int
    /// Rejected writes: dead letters.
    public var failed: Int
    /// Creates for which it is unknown whether the server has them.
    public var unresolved: Int
    /// Reports that the app hasn't acknowledged.
    public var reports: Int

    /// All entries.
    public var total: Int { queued + sending + blocked + failed + unresolved }

    init(_ snapshot: StoreSnapshot) throws {
        let counts = try snapshot.outbox.entryCounts()
        queued = counts[.queued] ?? 0
        sending = (counts[.inFlight] ?? 0) + (counts[.ambiguous] ?? 0)
        blocked = counts[.blocked] ?? 0
        failed = counts[.failed] ?? 0
        unresolved = counts[.unresolved] ?? 0
        reports = try snapshot.reports.count()
    }
}
