import BkendWire

/// Something in a data folder that should not be.
package struct FolderFinding: Hashable, Sendable {
    /// What kind of thing is wrong.
    package enum Kind: String, Sendable {
        /// A file that can't be opened, or that others may read.
        case file
        /// What SQLite's own check says.
        case integrity
        /// A row that refers to one that isn't there.
        case reference
        /// A key's row.
        case key
        /// A table's definition, or its versions.
        case definition, version
        /// The bytes of a file.
        case object
        /// A record, an index, a number of records.
        case record, index, count
    }

    /// What kind of thing is wrong.
    package let kind: Kind
    /// The file, inside the data folder.
    package let file: String
    /// The table and the record, where it is about one.
    package var table: String?, id: String?
    /// One sentence.
    package let message: String

    init(_ kind: Kind, _ file: String, table: String? = nil, id: String? = nil, _ message: String) {
        self.kind = kind
        self.file = file
        self.table = table
        self.id = id
        self.message = message
    }

    /// The object of `--json`.
    package var json: JSONObject {
        [
            "kind": .string(kind.rawValue), "file": .string(file), "table": table.map(JSON.string) ?? .null,
            "id": id.map(JSON.string) ?? .null, "message": .string(message),
        ]
    }
}
