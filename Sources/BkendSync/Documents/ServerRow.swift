import BkendWire

/// A record as the server gave it: its text, and what must be known of it.
struct ServerRow {
    let text: [UInt8]
    let document: JSONObject
    let id: String

    /// - Throws: `StoreError.Reason.malformedRow`.
    init(_ text: [UInt8], table: String) throws(StoreError) {
        let json: JSON
        do throws(JSONError) { json = try JSON(parsing: text) } catch {
            throw StoreError(.malformedRow(error.description), table: table)
        }
        guard case .object(let object) = json else {
            throw StoreError(.malformedRow("it is no object"), table: table)
        }
        document = object
        guard let id = document[SystemField.id.rawValue]?.stringValue, !id.isEmpty else {
            throw StoreError(.malformedRow("it has no id"), table: table)
        }
        self.id = id
        self.text = text
    }

    /// Whether the server has said something later about the record. Its own stamps are compared, never this device's.
    func isOlder(than known: JSONObject) -> Bool {
        guard let mine = document[SystemField.updatedAt.rawValue]?.stringValue,
            let other = known[SystemField.updatedAt.rawValue]?.stringValue
        else { return false }
        if let mine = Timestamp(mine), let other = Timestamp(other) { return mine < other }
        return mine.precedesInBytes(other)
    }

    var clientKey: String? { document[OutboxEntry.clientKeyField]?.stringValue }
    var createdBy: String { document[SystemField.createdBy.rawValue]?.stringValue ?? "" }
}
