import BkendWire

/// What became of the rows of an answer.
package struct Received: Hashable, Sendable {
    /// A row that is a second copy of a record, made when a delayed create arrived after its resend.
    package struct Twin: Hashable, Sendable {
        /// The copy's id.
        package var id: String
        /// The record that it is a copy of.
        package var original: String
        /// Whether other devices make records with the same key: a deleted record was made again.
        package var isShared: Bool

        /// A copy of a record.
        package init(id: String, original: String, isShared: Bool = false) {
            self.id = id
            self.original = original
            self.isShared = isShared
        }
    }

    /// How many rows said something new.
    package var changed = 0
    /// The creates that rows turned out to be, now completed.
    package var adopted: [Int64] = []
    /// The creates of records that were to be made again and are there: updates now, or done.
    package var calledOff: [Int64] = []
    /// Ids of rows that may be stale; they were passed over and are to be read again by id.
    package var setAside: [String] = []
    /// Ids of rows that were deleted here after they were asked for; passed over.
    package var shadowed: [String] = []
    /// Second copies, or records that have another id by now, passed over: to be looked into.
    package var twins: [Twin] = []
    /// Ids of rows whose create was cancelled here, passed over: to be looked into.
    package var cancelled: [String] = []
    /// What was wrong with rows that are no records.
    package var malformed: [String] = []
}
