import BkendDocuments
import BkendWire

/// Which records the server listed for a subscription (`sync_members`).
package struct MemberPart<Store: StoreView>: StorePart {
    let store: Store

    /// The ids of a subscription's members, in order; provisional ones count.
    package func all(of number: Int64) throws -> [String] {
        try db.all("SELECT record FROM sync_members WHERE subscription = ? ORDER BY record", .int(number)) {
            $0.text(0)
        }
    }

    /// How many members a subscription has; provisional ones count.
    package func count(of number: Int64) throws -> Int {
        Int(try db.number("SELECT count(*) FROM sync_members WHERE subscription = ?", .int(number)))
    }

    /// The members that no list has confirmed yet, in order.
    package func provisional(of number: Int64) throws -> [String] {
        try db.all(
            "SELECT record FROM sync_members WHERE subscription = ? AND provisional ORDER BY record", .int(number)
        ) { $0.text(0) }
    }

    /// Whether a record is a member.
    func contains(_ id: String, of number: Int64) throws -> Bool {
        try db.number("SELECT 1 FROM sync_members WHERE subscription = ? AND record = ?", .int(number), .text(id)) != 0
    }

    /// The greatest `updatedAt` of a member without local writes, among so many of the newest records that match.
    func newestSynced(_ number: Int64, _ table: String, _ filter: Filter, among limit: Int) throws -> String? {
        let sort = [Query.Sort(SystemField.updatedAt.rawValue, .descending)]
        let newest = Query(filter: filter, sort: sort, page: Query.Page(limit: limit))
        for text in try store.documents.find(newest, in: table) {
            let document = try JSON(parsing: text.bytes)
            guard let id = document["id"]?.stringValue,
                let moment = document[SystemField.updatedAt.rawValue]?.stringValue, try contains(id, of: number),
                try store.documents.syncState(table, id) == .synced
            else { continue }
            return moment
        }
        return nil
    }

    /// The records that subscriptions of a table hold.
    func ids(of table: String) throws -> Set<ExactString> {
        let sql = "SELECT DISTINCT record FROM sync_members WHERE \(MemberSQL.isOfTable)"
        return Set(try db.all(sql, .text(table)) { ExactString($0.text(0)) })
    }

    // MARK: Ranges of ids, for a comparison

    /// How many members a range has.
    func count(of number: Int64, in range: IDRange) throws -> Int {
        Int(
            try db.number(
                "SELECT count(*) FROM sync_members WHERE \(MemberSQL.inIDRange)", .int(number), .optional(range.after),
                .optional(range.through)))
    }

    /// The member at a position of a range, ascending by id.
    func member(at position: Int, of number: Int64, in range: IDRange) throws -> String? {
        try db.first(
            "SELECT record FROM sync_members WHERE \(MemberSQL.inIDRange) ORDER BY record LIMIT 1 OFFSET ?4",
            .int(number),
            .optional(range.after), .optional(range.through), .int(position)
        ) { $0.text(0) }
    }

    /// The members of a range, ascending.
    func all(of number: Int64, in range: IDRange) throws -> [String] {
        try db.all(
            "SELECT record FROM sync_members WHERE \(MemberSQL.inIDRange) ORDER BY record", .int(number),
            .optional(range.after), .optional(range.through)
        ) { $0.text(0) }
    }
}

extension StoreView {
    /// Which records subscriptions list.
    package var members: MemberPart<Self> { MemberPart(store: self) }
}

/// Conditions on members.
enum MemberSQL {
    /// That a member's subscription is one of a table.
    static let isOfTable = "subscription IN (SELECT number FROM sync_subscriptions WHERE collection = ?)"
    /// That a member is one of a subscription and its id in a range.
    static let inIDRange = "subscription = ?1 AND (?2 IS NULL OR record > ?2) AND (?3 IS NULL OR record <= ?3)"
}
