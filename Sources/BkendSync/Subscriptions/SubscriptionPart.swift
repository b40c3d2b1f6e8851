import BkendDocuments
import BkendWire
import GRDB

/// What the device keeps of the server's tables (`sync_subscriptions`).
package struct SubscriptionPart<Store: StoreView>: StorePart {
    let store: Store

    /// The subscriptions of a table, or all, in the order they were made.
    package func all(of table: String? = nil) throws -> [Subscription] {
        let columns = "SELECT number, collection, filter, progress FROM sync_subscriptions"
        guard let table else { return try db.all("\(columns) ORDER BY number", read: read) }
        return try db.all("\(columns) WHERE collection = ? ORDER BY number", .text(table), read: read)
    }

    /// A subscription, nil when there is none of that number.
    package func subscription(_ number: Int64) throws -> Subscription? {
        try db.first(
            "SELECT number, collection, filter, progress FROM sync_subscriptions WHERE number = ?", .int(number),
            read: read)
    }

    private func read(_ row: RunningStatement) throws -> Subscription {
        let table = row.text(1)
        let stored = try row.object(2)
        func conditions(_ part: String) throws -> [Condition] {
            guard let object = stored[part]?.objectValue else { return [] }
            var reader = FilterReader()
            return try reader.conditions(object, parameter: part)
        }
        let filter = try RESTFilter(allOf: conditions("and"), anyOf: conditions("or"))
        return Subscription(
            number: row.int(0), table: table, filter: try store.aliases.resolve(filter.filter, table: table).rest(),
            progress: PullProgress(try row.object(3)))
    }

    /// What the subscriptions of a table say about answers.
    package func completeness(of table: String) throws -> Completeness {
        Completeness(drained: try all(of: table).filter(\.isDrained).map(\.filter.filter))
    }

    /// Whether a subscription's filter, as the app gave it, contains a text.
    func hasFilter(containing text: String) throws -> Bool {
        try db.number("SELECT 1 FROM sync_subscriptions WHERE instr(filter, ?) LIMIT 1", .text(text)) != 0
    }

    /// The tables that have writes or subscriptions, in order.
    func tablesToLearn() throws -> [String] {
        try db.all(
            """
            SELECT collection FROM sync_counts WHERE entries > 0 AND collection <> '\(FileTable.name)'
            UNION SELECT collection FROM sync_subscriptions ORDER BY collection
            """
        ) { $0.text(0) }
    }
}

extension SubscriptionPart where Store == StoreTransaction {
    /// Keeps a query, as it is stored; its number.
    func add(_ table: String, _ stored: JSONObject) throws -> Int64 {
        try db.perform(
            "INSERT INTO sync_subscriptions (collection, filter) VALUES (?, ?)", .text(table),
            .utf8(stored.serialized()))
        store.touchesOutbox = true
        return db.lastInsertedRowID
    }

    /// Forgets a query, and with it who its members are.
    func remove(_ number: Int64) throws {
        try db.perform("DELETE FROM sync_subscriptions WHERE number = ?", .int(number))
        store.touchesOutbox = true
    }

    /// Keeps how far the engine has come. Equal progress is no write.
    package func setProgress(_ progress: PullProgress, of number: Int64) throws {
        guard let subscription = try subscription(number) else { throw StoreError(.noSuchSubscription(number)) }
        let json = progress.json
        if subscription.progress.json == json { return }
        try db.perform(
            "UPDATE sync_subscriptions SET progress = ? WHERE number = ?", .utf8(json.serialized()), .int(number))
    }
}

extension StoreView {
    /// What the device keeps of the server's tables.
    package var subscriptions: SubscriptionPart<Self> { SubscriptionPart(store: self) }
}
