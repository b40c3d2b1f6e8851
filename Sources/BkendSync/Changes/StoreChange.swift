import BkendWire

/// A row of the change log.
package struct StoreChange: Hashable, Sendable {
    /// What changed.
    package enum Kind: String, Hashable, Sendable {
        /// The visible document came, changed or went; perhaps the sync state as well.
        case document
        /// The sync state alone.
        case state
    }

    /// The row's number; later changes have greater ones.
    package var sequence: Int64
    /// The table.
    package var table: String
    /// The record's id now.
    package var record: String
    /// The record's id before, when this row is its rename.
    package var formerly: String?
    /// What changed.
    package var kind: Kind

    /// A row.
    package init(sequence: Int64, table: String, record: String, formerly: String?, kind: Kind) {
        self.sequence = sequence
        self.table = table
        self.record = record
        self.formerly = formerly
        self.kind = kind
    }

    package static func == (a: StoreChange, b: StoreChange) -> Bool {
        a.sequence == b.sequence && a.kind == b.kind
            && RecordKey(a.table, a.record) == RecordKey(b.table, b.record)
            && a.formerly.map(ExactString.init) == b.formerly.map(ExactString.init)
    }

    package func hash(into hasher: inout Hasher) { hasher.combine(sequence) }
}

/// What happened since a row of the change log.
package enum StoreChanges: Hashable, Sendable {
    /// These rows, in order.
    case rows([StoreChange])
    /// Rows that were not read yet are gone; ask the query again. The newest row now.
    case fellBehind(latest: Int64)
}
