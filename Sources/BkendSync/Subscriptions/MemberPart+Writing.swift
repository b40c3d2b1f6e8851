import BkendDocuments
import BkendWire

extension MemberPart where Store == StoreTransaction {
    /// Ends the membership of records that a subscription's list no longer has. What nothing else holds goes; records
    /// with entries stay.
    package func lose(_ number: Int64, _ ids: [String]) throws {
        guard let subscription = try store.subscriptions.subscription(number) else {
            throw StoreError(.noSuchSubscription(number))
        }
        for id in ids {
            try db.perform(
                "DELETE FROM sync_members WHERE subscription = ? AND record = ?", .int(number), .text(id))
            store.candidates.append(RecordKey(subscription.table, id))
        }
    }

    /// Confirms all provisional members: a comparison that began after they joined found no difference.
    package func confirm(_ number: Int64) throws {
        try db.perform("UPDATE sync_members SET provisional = 0 WHERE subscription = ? AND provisional", .int(number))
    }

    /// Makes records members; a confirmed one stays confirmed.
    func join(_ number: Int64, _ ids: [String], provisionally: Bool) throws {
        let sql = """
            INSERT INTO sync_members (subscription, record, provisional) VALUES (?, ?, ?)
            ON CONFLICT DO UPDATE SET provisional = 0 WHERE provisional AND excluded.provisional = 0
            """
        try db.run(sql) { statement in
            for id in ids {
                try statement.bind(number)
                try statement.bind(id)
                try statement.bind(provisionally ? 1 : 0)
                _ = try statement.step()
                statement.rewind()
            }
        }
    }

    /// Makes what is here of a table, and matches a new subscription's filter, its provisional members, whether or not
    /// anything held it before; else a record that the server has deleted would never be missed.
    ///
    /// - Returns: how many joined.
    func joinKnown(_ number: Int64, _ table: String, filter: Filter) throws -> Int {
        guard let collection = try store.collection(table) else { return 0 }
        // The server lists none of these yet.
        let creates = try store.outbox.createdRecords(of: table)
        let joined = try ids(in: collection, where: filter).filter { !creates.contains(ExactString($0)) }
        try join(number, joined, provisionally: true)
        return joined.count
    }

    /// Makes a record whose write was just answered a provisional member of each subscription whose filter it matches
    /// here, until the next comparison tells.
    func joinMatching(_ key: RecordKey) throws {
        try joinMatching([key.id], of: key.table, store.subscriptions.all(of: key.table))
    }

    /// Makes records provisional members of those among some subscriptions of their table whose filters they match here.
    func joinMatching(_ ids: [String], of table: String, _ subscriptions: [Subscription]) throws {
        guard !ids.isEmpty, !subscriptions.isEmpty, let collection = try store.collection(table) else { return }
        let these = Filter.condition(Condition(SystemField.id.rawValue, .isIn(ids.map(JSON.string))))
        for subscription in subscriptions {
            let matching = try self.ids(in: collection, where: .allOf([these, subscription.filter.filter]))
            try join(subscription.number, matching, provisionally: true)
        }
    }

    private func ids(in collection: Collection, where filter: Filter) throws -> [String] {
        let query = Query(filter: filter, page: .init(offset: 0, limit: .max), select: [])
        return try collection.find(query, including: [SystemField.id.rawValue], in: db).compactMap {
            try $0.json[SystemField.id.rawValue]?.stringValue
        }
    }

    /// A record is no member of any subscription of its table any more.
    func remove(_ key: RecordKey) throws {
        try db.perform(
            "DELETE FROM sync_members WHERE record = ? AND \(MemberSQL.isOfTable)", .text(key.id), .text(key.table))
    }

    /// The memberships of a record are another record's from now on.
    func move(from old: RecordKey, to new: RecordKey) throws {
        try db.perform(
            "UPDATE OR REPLACE sync_members SET record = ? WHERE record = ? AND \(MemberSQL.isOfTable)",
            .text(new.id), .text(old.id), .text(old.table))
    }
}
