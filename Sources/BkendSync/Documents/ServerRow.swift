import BkendDocuments
import BkendWire

/// A record as the server gave it: its text, and what must be known of it. The text is checked, but read as a whole only
/// where that is needed: most rows of a first pull never are.
struct ServerRow {
    let text: [UInt8]
    let id: String
    let clientKey: String?
    let createdBy: String
    private let updatedAt: String?

    /// A reader of what a row must tell; one serves a whole page.
    static func reader() -> DocumentStrings {
        DocumentStrings([
            SystemField.id.rawValue, OutboxEntry.clientKeyField, SystemField.createdBy.rawValue,
            SystemField.updatedAt.rawValue,
        ])
    }

    /// - Throws: `StoreError.Reason.malformedRow`.
    init(_ text: [UInt8], table: String, reader: DocumentStrings = ServerRow.reader()) throws(StoreError) {
        do throws(JSONError) { try JSON.check(text) } catch {
            throw StoreError(.malformedRow(error.description), table: table)
        }
        guard let strings = reader.read(text) else { throw StoreError(.malformedRow("it is no object"), table: table) }
        guard let id = strings[0], !id.isEmpty else { throw StoreError(.malformedRow("it has no id"), table: table) }
        self.text = text
        self.id = id
        clientKey = strings[1]
        createdBy = strings[2] ?? ""
        updatedAt = strings[3]
    }

    /// The whole row.
    func document() throws(StoreError) -> JSONObject { try DocumentReader.object(text) }

    /// Whether the server has said something later about the record. Its own stamps are compared, never this device's.
    func isOlder(than known: JSONObject) -> Bool {
        guard let mine = updatedAt, let other = known[SystemField.updatedAt.rawValue]?.stringValue else { return false }
        if let mine = Timestamp(mine), let other = Timestamp(other) { return mine < other }
        return mine.precedesInBytes(other)
    }
}
