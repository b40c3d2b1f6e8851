import BkendDocuments
import BkendWire

/// What a comparison asks of the store.
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

    /// The greatest `updatedAt` of a member without local writes, among so many of the newest records that match.
    func newestSynced(_ number: Int64, _ query: SubscriptionQuery, among limit: Int) throws -> String? {
        let sort = [Query.Sort(SystemField.updatedAt.rawValue, .descending)]
        let newest = Query(filter: query.filter.filter, sort: sort, page: Query.Page(limit: limit))
        for text in try find(newest, in: query.table) {
            let document = try JSON(parsing: text.bytes)
            guard let id = document["id"]?.stringValue,
                let moment = document[SystemField.updatedAt.rawValue]?.stringValue, try isMember(id, of: number),
                try syncState(query.table, id) == .synced
            else { continue }
            return moment
        }
        return nil
    }
}

extension StoreTransaction {
    /// The app's word that most rows of a subscription may go, as the server has it (`SyncConfiguration.massRemoval`).
    package func confirmMassRemoval(of number: Int64) throws {
        guard let subscription = try subscription(number) else { throw StoreError(.noSuchSubscription(number)) }
        var progress = subscription.progress
        progress.mayRemoveMost = true
        try setProgress(progress, of: number)
        try noteDecision()
    }
}
