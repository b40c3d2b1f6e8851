import BkendWire

/// The table under whose name the outbox has files: an upload is the create of a record of it, which the server keeps
/// elsewhere (rest-api.md §9). No table of the server's can have this name.
package enum FileTable {
    /// The table's name.
    package static let name = "$files"

    /// Whether a table's name is that of files.
    package static func isName(_ table: String) -> Bool { table.hasSameBytes(as: name) }
}

extension OutboxEntry {
    /// Whether it is about a file, not about a record of a table.
    package var isOfFile: Bool { FileTable.isName(table) }
}

/// The fields of a file's record that an upload sets (rest-api.md §9).
package enum FileField {
    /// The name.
    package static let name = "originalName"
    /// The media type.
    package static let type = "mimeType"
    /// The number of bytes.
    package static let size = "size"
    /// Who may read it.
    package static let visibility = "visibility"
}
