import BkendDocuments
import BkendWire

/// An index over a table's records on this device, besides those that every table has.
package struct StoreIndex: Hashable, Sendable {
    /// How far it has come.
    package enum State: Hashable, Sendable {
        /// Queries use it.
        case ready
        /// It is being filled; until then queries do without.
        case building
        /// It can't be kept; why.
        case refused(String)
    }

    /// The table.
    package var table: String
    /// Its fields, the most significant first.
    package var fields: [IndexDefinition.Field]
    /// Whether the app has asked for it.
    package var isAsked: Bool
    /// Whether the server has it too (`/spec`).
    package var isSpecified: Bool
    /// How far it has come.
    package var state: State

    /// How many a table may have: each is one more entry at each write. As many as MongoDB recommends at most, and a
    /// quarter of what it takes.
    package static let tableLimit = 16
    /// How many a store may have.
    package static let storeLimit = 128
    /// How many documents one step of filling takes: other writers wait so long.
    static let step = 2_000

    /// Its name: from its fields alone, so that the app's word and the server's spec come to one index. It neither keeps
    /// values unique, which is the server's business, nor leaves records out.
    static func definition(_ fields: [IndexDefinition.Field]) -> IndexDefinition {
        let name = fields.map { "\($0.path)_\($0.descending ? -1 : 1)" }.joined(separator: "_")
        return IndexDefinition(name: name, fields: fields)
    }

    /// Whether every table has it anyway: by one of the server's own fields.
    static func isBuiltIn(_ fields: [IndexDefinition.Field]) -> Bool {
        fields.count == 1 && IndexDefinition.builtIn.contains { $0.fields[0].path.hasSameBytes(as: fields[0].path) }
    }
}

extension StoreSnapshot {
    /// The indexes of a table, or all, besides those that every table has, in the order of their tables and names.
    package func indexes(of table: String? = nil) throws -> [StoreIndex] {
        let columns = "SELECT collection, definition, by_app, by_spec, filled, flaw FROM sync_indexes"
        func read(_ row: RunningStatement) throws -> StoreIndex {
            guard let fields = TableFacts.indexFields(try row.object(1)["fields"]?.objectValue) else {
                throw StoreError(.damaged("an index"))
            }
            let state: StoreIndex.State =
                row.isNull(5) ? (row.isNull(4) ? .ready : .building) : .refused(row.text(5))
            return StoreIndex(
                table: row.text(0), fields: fields, isAsked: row.int(2) != 0, isSpecified: row.int(3) != 0,
                state: state)
        }
        guard let table else { return try db.all("\(columns) ORDER BY collection, name", read: read) }
        return try db.all("\(columns) WHERE collection = ? ORDER BY name", .text(table), read: read)
    }

    /// A table's index over these fields, nil for none besides those that every table has.
    package func index(_ fields: [IndexDefinition.Field], of table: String) throws -> StoreIndex? {
        let name = StoreIndex.definition(fields).name
        return try indexes(of: table).first { StoreIndex.definition($0.fields).name.hasSameBytes(as: name) }
    }

    /// Whether an index is still to be filled.
    package var hasIndexesToFill: Bool {
        get throws { try db.number("SELECT 1 FROM sync_indexes WHERE filled IS NOT NULL LIMIT 1") != 0 }
    }
}
