import BkendSync

/// How many writes wait, and for what.
public struct OutboxCounts: Hashable, Sendable {
    /// Wait for their turn.
    public var queued: Int
    /// Are being sent, or were sent and got no proper answer yet.
    public var sending: Int
    /// Wait for an entry that is stuck.
    public var blocked: Int
    /// Were rejected: dead letters.
    public var failed: Int
    /// Creates of which nobody can say whether the server has them.
    public var unresolved: Int
    /// Reports that the app has not acknowledged.
    public var reports: Int

    /// All entries.
    public var total: Int { queued + sending + blocked + failed + unresolved }

    init(_ snapshot: StoreSnapshot) throws {
        let counts = try snapshot.entryCounts()
        queued = counts[.queued] ?? 0
        sending = (counts[.inFlight] ?? 0) + (counts[.ambiguous] ?? 0)
        blocked = counts[.blocked] ?? 0
        failed = counts[.failed] ?? 0
        unresolved = counts[.unresolved] ?? 0
        reports = try snapshot.reportCount()
    }
}
