import BkendWire

/// A record's place: its table and id, compared by bytes.
package struct RecordKey: Hashable, Sendable {
    /// The table.
    package let table: String
    /// The id.
    package let id: String

    /// A record's place.
    package init(_ table: String, _ id: String) {
        self.table = table
        self.id = id
    }

    package static func == (a: RecordKey, b: RecordKey) -> Bool {
        a.id.hasSameBytes(as: b.id) && a.table.hasSameBytes(as: b.table)
    }

    package func hash(into hasher: inout Hasher) {
        table.hashBytes(into: &hasher)
        id.hashBytes(into: &hasher)
    }
}
