import BkendDocuments
import BkendWire

/// Members of a subscription by ranges of ids.
extension StoreSnapshot {
    private static let inIDRange = "subscription = ?1 AND (?2 IS NULL OR record > ?2) AND (?3 IS NULL OR record <= ?3)"

    /// How many members a range has.
    func memberCount(of number: Int64, in range: IDRange) throws -> Int {
        Int(
            try db.number(
                "SELECT count(*) FROM sync_members WHERE \(Self.inIDRange)", .int(number), .optional(range.after),
                .optional(range.through)))
    }

    /// The member at a position of a range, ascending by id.
    func member(at position: Int, of number: Int64, in range: IDRange) throws -> String? {
        try db.first(
            "SELECT record FROM sync_members WHERE \(Self.inIDRange) ORDER BY record LIMIT 1 OFFSET ?4", .int(number),
            .optional(range.after), .optional(range.through), .int(position)
        ) { $0.text(0) }
    }

    /// The members of a range, ascending.
    func members(of number: Int64, in range: IDRange) throws -> [String] {
        try db.all(
            "SELECT record FROM sync_members WHERE \(Self.inIDRange) ORDER BY record", .int(number),
            .optional(range.after), .optional(range.through)
        ) { $0.text(0) }
    }

    /// Whether a record is a member.
    func isMember(_ id: String, of number: Int64) throws -> Bool {
        try db.number("SELECT 1 FROM sync_members WHERE subscription = ? AND record = ?", .int(number), .text(id)) != 0
    }
}

/// The members of one subscription, for a bisection.
struct SubscriptionMembers: Bisection.Members {
    let store: StoreSnapshot
    let number: Int64

    func count(in range: IDRange) throws -> Int { try store.memberCount(of: number, in: range) }

    func id(at position: Int, in range: IDRange) throws -> String? {
        try store.member(at: position, of: number, in: range)
    }
}

extension StoreTransaction {
    /// The app's word that most rows of a subscription may go, as the server has it (`SyncConfiguration.massRemoval`).
    package func confirmMassRemoval(of number: Int64) throws {
        guard let subscription = try subscription(number) else { throw StoreError(.noSuchSubscription(number)) }
        var progress = PullProgress(subscription.progress)
        progress.mayRemoveMost = true
        try setProgress(progress.json, of: number)
        try noteDecision()
    }
}
