import BkendDocuments
import BkendWire
import GRDB

/// A table's indexes besides those that every table has (`sync_indexes`).
package struct IndexPart<Store: StoreView>: StorePart {
    let store: Store

    /// The indexes of a table, or all, besides those that every table has, in the order of their tables and names.
    package func all(of table: String? = nil) throws -> [StoreIndex] {
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
        return try all(of: table).first { StoreIndex.definition($0.fields).name.hasSameBytes(as: name) }
    }

    /// Whether an index is still to be filled.
    package var hasIndexesToFill: Bool {
        get throws { try db.number("SELECT 1 FROM sync_indexes WHERE filled IS NOT NULL LIMIT 1") != 0 }
    }
}

extension StoreView {
    /// The indexes that the app and the server's spec ask for.
    package var indexes: IndexPart<Self> { IndexPart(store: self) }
}
