import BkendDocuments
import BkendWire

/// What keeps a record here: an entry, membership in a subscription, or that its table has no subscription.
extension StoreTransaction {
    /// The condition that a member's subscription is one of a table.
    static let isMemberOfTable = "subscription IN (SELECT number FROM sync_subscriptions WHERE collection = ?)"

    /// Takes records out of sight that nothing holds any more. Decided at the end of the transaction: what loses its last
    /// entry may become a member a moment later.
    func dropUnheld() throws {
        for key in candidates { try dropIfUnheld(key) }
        candidates = []
    }

    private func dropIfUnheld(_ key: RecordKey) throws {
        let table = Bound.text(key.table)
        let isSubscribed = "SELECT 1 FROM sync_subscriptions WHERE collection = ? LIMIT 1"
        if try db.number(isSubscribed, table) == 0 { return }
        let entries = "SELECT 1 FROM sync_entries WHERE collection = ? AND record = ? LIMIT 1"
        if try db.number(entries, table, .text(key.id)) != 0 { return }
        let members = "SELECT 1 FROM sync_members WHERE record = ? AND \(Self.isMemberOfTable) LIMIT 1"
        if try db.number(members, .text(key.id), table) != 0 { return }
        try show(nil, at: key)
    }

    /// Drops every record of a table that nothing holds: when the first comparison of a table's first subscription has
    /// ended, for what was here before it.
    package func dropUnheld(_ table: String) throws {
        guard let collection = try collection(table), try !subscriptions(of: table).isEmpty else { return }
        let everything = Query(page: .init(offset: 0, limit: .max), select: [])
        for document in try collection.find(everything, including: [SystemField.id.rawValue], in: db) {
            if let id = try document.json[SystemField.id.rawValue]?.stringValue {
                try dropIfUnheld(RecordKey(table, id))
            }
        }
    }
}
