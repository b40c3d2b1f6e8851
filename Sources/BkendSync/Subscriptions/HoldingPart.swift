import BkendDocuments
import BkendWire

/// What keeps a record here: an entry, membership in a subscription, or that its table has no subscription.
struct HoldingPart: StorePart {
    let store: StoreTransaction

    /// Takes records out of sight that nothing holds any more. Decided at the end of the transaction: what loses its last
    /// entry may become a member a moment later.
    func dropUnheld() throws {
        for key in store.candidates { try dropIfUnheld(key) }
        store.candidates = []
    }

    private func dropIfUnheld(_ key: RecordKey) throws {
        let table = Bound.text(key.table)
        let isSubscribed = "SELECT 1 FROM sync_subscriptions WHERE collection = ? LIMIT 1"
        if try db.number(isSubscribed, table) == 0 { return }
        if try store.outbox.hasEntry(of: key) { return }
        let members = "SELECT 1 FROM sync_members WHERE record = ? AND \(MemberSQL.isOfTable) LIMIT 1"
        if try db.number(members, .text(key.id), table) != 0 { return }
        try store.changes.show(nil, at: key)
    }

    /// Drops every record of a table that nothing holds: when the first comparison of a table's first subscription has
    /// ended, for what was here before it.
    func dropUnheld(_ table: String) throws {
        guard let collection = try store.collection(table), try !store.subscriptions.all(of: table).isEmpty else {
            return
        }
        let everything = Query(page: .init(offset: 0, limit: .max), select: [])
        for document in try collection.find(everything, including: [SystemField.id.rawValue], in: db) {
            if let id = try document.json[SystemField.id.rawValue]?.stringValue {
                try dropIfUnheld(RecordKey(table, id))
            }
        }
    }
}

extension StoreTransaction {
    /// What keeps records here.
    var holding: HoldingPart { HoldingPart(store: self) }
}
