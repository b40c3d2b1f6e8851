import BkendWire

/// What a transaction has found and made of one record.
struct TouchedRecord {
    /// Where the record is now.
    var key: RecordKey
    /// Its id before this transaction, if a rename moved it.
    var formerly: String?
    /// What queries saw before this transaction, nil for nothing.
    var before: [UInt8]?
    /// What queries see now.
    var now: [UInt8]?
    /// Its sync state before this transaction.
    var stateBefore: SyncState
    /// Whether another touched record took its place by a rename.
    var isMoved = false
}

/// The records that a transaction has touched, in order. `ChangePart` keeps it.
struct TouchedRecords {
    private var records: [TouchedRecord] = []
    private var positions: [RecordKey: Int] = [:]

    var indices: Range<Int> { records.indices }

    /// Where a record stands, nil for one that wasn't touched.
    func position(of key: RecordKey) -> Int? { positions[key] }

    subscript(position: Int) -> TouchedRecord {
        get { records[position] }
        _modify { yield &records[position] }
    }

    /// Adds a record that wasn't touched yet; where it stands.
    @discardableResult
    mutating func append(_ record: TouchedRecord) -> Int {
        positions[record.key] = records.count
        records.append(record)
        return records.count - 1
    }

    /// Makes room for further ones.
    mutating func reserve(_ count: Int) { positions.reserveCapacity(positions.count + count) }

    /// The record of a key is another one's history from now on: the key stands for nothing.
    mutating func release(_ key: RecordKey) { positions[key] = nil }
}
