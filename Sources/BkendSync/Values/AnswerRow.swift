import BkendWire

/// A record as the server gave it: its bytes, and what must be known of them. They are read as a whole only where that is
/// needed: most rows of a first pull never are.
package struct AnswerRow: Sendable, Hashable {
    /// The server's id.
    package var id: String
    /// The server's own text of the time of the last change; nil when it isn't shown.
    package var updatedAt: String?
    /// Who made the record, empty when that isn't shown.
    package var createdBy: String
    /// The key that its create carried, nil when it carried none.
    package var clientKey: String?
    /// The exact bytes of the record's object; they have passed the strict check.
    package var text: [UInt8]

    /// A row.
    package init(
        id: String, updatedAt: String?, createdBy: String = "", clientKey: String? = nil, text: [UInt8]
    ) {
        self.id = id
        self.updatedAt = updatedAt
        self.createdBy = createdBy
        self.clientKey = clientKey
        self.text = text
    }

    /// The whole record.
    package func document() throws(StoreError) -> JSONObject { try DocumentReader.object(text) }

    /// Whether the server has said something later about the record. Its own stamps are compared, never this device's.
    func isOlder(than known: JSONObject) -> Bool {
        guard let mine = updatedAt, let other = known[SystemField.updatedAt.rawValue]?.stringValue else { return false }
        if let mine = Timestamp(mine), let other = Timestamp(other) { return mine < other }
        return mine.precedesInBytes(other)
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
