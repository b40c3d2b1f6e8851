import BkendWire

/// An index with its key table.
///
/// The table is `(key BLOB PRIMARY KEY, row INTEGER) WITHOUT ROWID`. A key is the comparison keys of the index's fields,
/// those of descending fields with every bit turned round, and last the document's id (`IDKey`) in the direction of
/// the last field: so entries are distinct, and a scan gives ties in the order that a query asks for (rest-api.md §4).
final class StoredIndex: Sendable {
    let definition: IndexDefinition
    let number: Int64
    let table: String
    /// Whether some document has, or once had, other than one entry here because of an array on a path.
    let isMultikey: Bool
    /// Whether it is still being filled: writes keep it, queries don't use it.
    let isBuilding: Bool
    let fields: [IndexField]

    let insertSQL: String
    let deleteSQL: String
    let conflictSQL: String

    /// What of an index the catalogue keeps in `multikey`.
    static let multikeyBit: Int64 = 1
    static let buildingBit: Int64 = 2

    init(
        _ definition: IndexDefinition, number: Int64, collection: Int64, isMultikey: Bool, isBuilding: Bool = false
    ) {
        self.definition = definition
        self.number = number
        self.isMultikey = isMultikey
        self.isBuilding = isBuilding
        table = "c\(collection)_i\(number)"
        fields = definition.fields.map { IndexField(path: DocumentPath($0.path), isDescending: $0.descending) }
        // An entry may be there already, from the step that came by its document or from a write before that.
        insertSQL = "INSERT \(isBuilding ? "OR IGNORE " : "")INTO \(table) (key, row) VALUES (?, ?)"
        deleteSQL = "DELETE FROM \(table) WHERE key = ?"
        conflictSQL = "SELECT row FROM \(table) WHERE key >= ? AND key < ? AND row <> ? LIMIT 1"
    }

    /// Whether the last field, and with it the id, descends.
    var isIDDescending: Bool { definition.fields.last?.descending ?? false }
}

/// One field of an index.
struct IndexField: Sendable {
    let path: DocumentPath
    let isDescending: Bool
}
