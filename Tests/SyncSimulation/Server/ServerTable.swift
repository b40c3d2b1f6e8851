import BkendWire

/// A table of the server model: schema, unique indexes, access rules and rows (rest-api.md §6, §7).
package struct ServerTable: Sendable {
    /// Its name.
    package var name: String
    /// The fields that the schema names.
    package var fields: [ServerField] = []
    /// Whether other fields are taken.
    package var takesExtraFields = true
    /// The top-level fields of each unique index. Every one is sparse: a record without the field isn't in it.
    package var uniques: [String] = []
    /// Who may do what.
    package var access = TableAccess()
    /// The rows, ascending by id.
    package private(set) var rows: [StoredRow] = []
    /// The largest body taken, in bytes.
    package var bodyLimit = 1 << 20

    /// A table.
    package init(
        _ name: String, fields: [ServerField] = [], takesExtraFields: Bool = true, uniques: [String] = ["clientKey"],
        access: TableAccess = TableAccess()
    ) {
        self.name = name
        self.fields = fields
        self.takesExtraFields = takesExtraFields
        self.uniques = uniques
        self.access = access
    }

    /// The row of that id.
    package func row(_ id: String) -> StoredRow? { position(of: id).map { rows[$0] } }

    /// Puts a row in its place, instead of the one with its id.
    mutating func put(_ row: StoredRow) {
        let place = insertionPoint(row.id)
        if place < rows.count, rows[place].id.hasSameBytes(as: row.id) {
            rows[place] = row
        } else {
            rows.insert(row, at: place)
        }
    }

    mutating func remove(_ id: String) {
        if let place = position(of: id) { rows.remove(at: place) }
    }

    mutating func replaceRows(_ rows: [StoredRow]) { self.rows = rows }

    /// Whether another row holds a value of a unique field.
    func holdsDuplicate(of document: JSONObject, except id: String?) -> String? {
        for field in uniques {
            guard let value = document[field] else { continue }
            let isTaken = rows.contains { row in
                row.document[field] == value && id.map { !row.id.hasSameBytes(as: $0) } ?? true
            }
            if isTaken { return field }
        }
        return nil
    }

    private func position(of id: String) -> Int? {
        let place = insertionPoint(id)
        return place < rows.count && rows[place].id.hasSameBytes(as: id) ? place : nil
    }

    private func insertionPoint(_ id: String) -> Int {
        var low = 0
        var high = rows.count
        while low < high {
            let middle = (low + high) / 2
            if rows[middle].id.precedesInBytes(id) { low = middle + 1 } else { high = middle }
        }
        return low
    }
}

/// A field that a schema names.
package struct ServerField: Sendable {
    /// What it holds.
    package enum Kind: String, Sendable {
        case string, int, double, bool, date, object, array
    }

    var name: String
    var kind: Kind
    var isRequired = false
    var defaultValue: JSON?
    var maximumLength: Int?

    /// A field.
    package init(
        _ name: String, _ kind: Kind, required: Bool = false, default defaultValue: JSON? = nil,
        maximumLength: Int? = nil
    ) {
        self.name = name
        self.kind = kind
        isRequired = required
        self.defaultValue = defaultValue
        self.maximumLength = maximumLength
    }
}

/// A record as it is stored.
package struct StoredRow: Sendable {
    /// The server's id.
    package let id: String
    /// The whole document, system fields first.
    package let document: JSONObject
    /// The document's text.
    package let text: [UInt8]
    /// The text of `updatedAt`.
    package let updatedAt: String

    init(_ document: JSONObject) {
        self.document = document
        id = document["id"]?.stringValue ?? ""
        updatedAt = document["updatedAt"]?.stringValue ?? ""
        text = document.serialized()
    }

    var createdBy: String { document["createdBy"]?.stringValue ?? "" }
}
