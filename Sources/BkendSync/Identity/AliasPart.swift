import BkendDocuments
import BkendWire

/// The id table (`sync_aliases`): local ids, what became of their creates, and the ids that records have now.
package struct AliasPart<Store: StoreView>: StorePart {
    let store: Store

    /// The row of the id table for a local id.
    package func alias(_ localID: String) throws -> Alias? {
        try db.first(
            "SELECT \(AliasRow.columns) FROM sync_aliases WHERE local_id = ?", .text(localID), read: AliasRow.read)
    }

    /// The rows of the id table whose creates carry a key, the newest first.
    package func all(clientKey: String) throws -> [Alias] {
        try db.all(
            "SELECT \(AliasRow.columns) FROM sync_aliases WHERE client_key = ? ORDER BY number DESC",
            .text(clientKey), read: AliasRow.read)
    }

    /// The local ids of a file, for its id, its key and its address.
    func ids(ofFile first: String) throws -> [String] {
        try db.all("SELECT local_id FROM sync_aliases WHERE file = ? ORDER BY number", .text(first)) { $0.text(0) }
    }

    /// Every row of the id table, in order.
    func all() throws -> [Alias] {
        try db.all("SELECT \(AliasRow.columns) FROM sync_aliases ORDER BY number", read: AliasRow.read)
    }

    /// The id that a record has now: the server's for a local id whose record the server has, else the id itself.
    package func resolve(_ id: String) throws -> String { try resolution(of: id).id }

    /// The id that a record has now, and its row of the id table when that is still a local one.
    func resolution(of id: String) throws -> (id: String, local: Alias?) {
        // Nobody's id is longer than a key, and every string of a written value comes by here.
        guard try store.hasAliases(), id.utf8.count <= 256, let first = try alias(id) else { return (id, nil) }
        var alias = first
        // A record created again on the server has one more step; no id is followed twice.
        var seen: Set<ExactString> = [ExactString(id)]
        while let next = alias.serverID {
            guard seen.insert(ExactString(next)).inserted, let following = try self.alias(next) else {
                return (next, nil)
            }
            alias = following
        }
        return (alias.localID, alias)
    }

    /// The ids that records have had from the first on this device: the one that `create` gave, whatever the server has
    /// called them since, and their own where they came from the server.
    package func firstIDs(_ table: String, _ ids: [String]) throws -> [String] {
        guard try store.hasAliases() else { return ids }
        return try ids.map { id in
            var (first, seen) = (id, Set<ExactString>())
            // A record that was created again on the server has had more names than one.
            while seen.insert(ExactString(first)).inserted, let earlier = try earlierID(table, first) {
                first = earlier
            }
            return first
        }
    }

    private func earlierID(_ table: String, _ id: String) throws -> String? {
        try db.first(
            "SELECT local_id FROM sync_aliases WHERE server_id = ? AND collection = ? ORDER BY number LIMIT 1",
            .text(id), .text(table)
        ) { $0.text(0) }
    }

    /// A value with every local id, in strings and object keys, in its present form; those of files inside texts too.
    package func resolve(_ value: JSON) throws -> JSON {
        guard try store.hasAliases() else { return value }
        return try value.mapStrings { try present($0) }
    }

    /// Fields with every local id in its present form: in their values and in their own names.
    package func resolve(_ fields: JSONObject) throws -> JSONObject {
        guard try store.hasAliases() else { return fields }
        return try fields.mapStrings { try present($0) }
    }
}

extension StoreView {
    /// The id table.
    package var aliases: AliasPart<Self> { AliasPart(store: self) }
}

/// How a row of the id table is read.
enum AliasRow {
    static let columns = "local_id, collection, server_id, user, client_key, state, former_user, file"

    static func read(_ row: RunningStatement) throws -> Alias {
        guard let state = Alias.State(rawValue: row.text(5)) else { throw StoreError(.damaged("an alias's state")) }
        return Alias(
            localID: row.text(0), table: row.text(1), serverID: row.optionalText(2), user: row.text(3),
            clientKey: row.optionalText(4), state: state, formerUser: row.optionalText(6),
            file: row.optionalText(7))
    }
}
