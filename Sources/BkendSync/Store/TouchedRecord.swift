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
