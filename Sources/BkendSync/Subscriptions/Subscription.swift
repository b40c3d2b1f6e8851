import BkendDocuments
import BkendWire
import GRDB

/// A table and a filter that the device keeps (sync.md, "Pull").
package struct Subscription: Hashable, Sendable {
    /// Its number.
    package var number: Int64
    /// The table.
    package var table: String
    /// Which records, local ids in their present form.
    package var filter: RESTFilter
    /// How far the engine has come with it.
    package var progress: PullProgress

    package static func == (a: Subscription, b: Subscription) -> Bool {
        a.number == b.number && a.filter == b.filter && a.progress == b.progress && a.table.hasSameBytes(as: b.table)
    }

    package func hash(into hasher: inout Hasher) { hasher.combine(number) }
}

extension StoreSnapshot {
    /// The subscriptions of a table, or all, in the order they were made.
    package func subscriptions(of table: String? = nil) throws -> [Subscription] {
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

    /// The ids of a subscription's members, in order; provisional ones count.
    package func members(of number: Int64) throws -> [String] {
        try db.all("SELECT record FROM sync_members WHERE subscription = ? ORDER BY record", .int(number)) {
            $0.text(0)
        }
    }

    /// How many members a subscription has; provisional ones count.
    package func memberCount(of number: Int64) throws -> Int {
        Int(try db.number("SELECT count(*) FROM sync_members WHERE subscription = ?", .int(number)))
    }

    /// The members that no list has confirmed yet, in order.
    package func provisionalMembers(of number: Int64) throws -> [String] {
        try db.all(
            "SELECT record FROM sync_members WHERE subscription = ? AND provisional ORDER BY record", .int(number)
        ) { $0.text(0) }
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
            number: row.int(0), table: table, filter: try resolve(filter.filter, table: table).rest(),
            progress: PullProgress(try row.object(3)))
    }
}

extension StoreTransaction {
    /// Keeps a query on this device; the number of the subscription, an older one's when it is the same query.
    ///
    /// Records that are here and match the filter are provisional members until the first comparison: what another
    /// subscription loses meanwhile doesn't vanish and come back, and what the server has deleted meanwhile is found.
    /// Records that were here before the table's first subscription, and match no filter, go when that comparison ends.
    package func subscribe(_ table: String, to filter: RESTFilter = RESTFilter()) throws -> Int64 {
        if let flaw = TableName.flaw(in: table) { throw StoreError(.invalidTable(flaw), table: table) }
        let present = try resolve(filter.filter, table: table).rest()
        if let known = try subscriptions(of: table).first(where: { $0.filter == present }) { return known.number }
        var stored = JSONObject()
        if let and = present.andFilters { stored["and"] = .object(and) }
        if let or = present.orFilters { stored["or"] = .object(or) }
        try db.perform(
            "INSERT INTO sync_subscriptions (collection, filter) VALUES (?, ?)", .text(table),
            .utf8(stored.serialized()))
        touchesOutbox = true
        let number = db.lastInsertedRowID
        let joined = try joinKnown(number, table, filter: present.filter)
        if try subscriptions(of: table).count == 1, let collection = try collection(table),
            try collection.count(.all, in: db) > joined
        {
            var progress = PullProgress()
            progress.hasLeftovers = true
            try setProgress(progress, of: number)
        }
        return number
    }

    /// Ends a subscription. Records that nothing else holds go, unless they are to stay; those of a table without any
    /// subscription stay until they are evicted.
    package func unsubscribe(_ number: Int64, keepingRecords: Bool = false) throws {
        guard let subscription = try subscription(number) else { throw StoreError(.noSuchSubscription(number)) }
        if !keepingRecords {
            try lose(number, try members(of: number))
            // Before the subscription goes: without one, its table would keep everything.
            try dropUnheld()
        }
        try db.perform("DELETE FROM sync_subscriptions WHERE number = ?", .int(subscription.number))
        touchesOutbox = true
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
