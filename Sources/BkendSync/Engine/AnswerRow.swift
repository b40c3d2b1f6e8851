import BkendWire

/// A record as the server gave it: its bytes, and what the engine needs of them.
package struct AnswerRow: Sendable, Hashable {
    /// The server's id.
    package var id: String
    /// The server's own text of the time of the last change; nil when it isn't shown.
    package var updatedAt: String?
    /// The exact bytes of the record's object.
    package var text: [UInt8]

    /// A row.
    package init(id: String, updatedAt: String?, text: [UInt8]) {
        self.id = id
        self.updatedAt = updatedAt
        self.text = text
    }

    /// The parsed object; the bytes were checked when the row was read.
    package func document() throws(JSONError) -> JSONObject {
        try JSON(parsing: text).objectValue ?? JSONObject()
    }
}

/// A list answer whose records stay bytes (rest-api.md §4).
package struct AnswerPage: Sendable, Hashable {
    /// The records, in order.
    package var rows: [AnswerRow]
    /// All records that match.
    package var total: Int
    /// Whether records follow, as the server says.
    package var hasNext: Bool

    /// A page.
    package init(rows: [AnswerRow], total: Int, hasNext: Bool) {
        self.rows = rows
        self.total = total
        self.hasNext = hasNext
    }
}
