import BkendDocuments
import BkendWire

/// A row of the change log as observers get it.
package struct ObservedChange: Sendable {
    /// The row.
    package var change: StoreChange
    /// What queries see of the record now; nil for nothing, and where the row is about the sync state alone.
    package var document: DocumentText?
    /// What the server knows of it now.
    package var state: SyncState
    /// The id that it has had from the first on this device.
    package var localID: String

    /// A change. The local id is the record's own unless it has had another one.
    package init(
        _ change: StoreChange, document: DocumentText? = nil, state: SyncState = .synced, localID: String? = nil
    ) {
        self.change = change
        self.document = document
        self.state = state
        self.localID = localID ?? change.record
    }
}

/// What the change feed has found since it last looked.
package struct FeedBatch: Sendable {
    /// The changes, in order; nil when they are not known: the log was trimmed past them, or couldn't be read.
    package var changes: [ObservedChange]?
    /// The newest row of the log that this batch covers; the largest number when that is not known.
    package var position: Int64
    /// Whether the changes and what they say of records are those of one snapshot, up to the log's newest row in it: a
    /// result with them is what its query would find there. Else records may be newer than `position`.
    package var isWhole = false
    /// Which records of the observed tables can't be missing.
    package var completeness: [ExactString: Completeness] = [:]
    /// The number that moves with every change in the outbox, nil where nobody asked.
    package var outboxVersion: Int64?

    package init(changes: [ObservedChange]?, position: Int64) {
        self.changes = changes
        self.position = position
    }

    /// Anything may have changed: an observer that hasn't seen the log up to there reads the store again.
    static func unknown(upTo position: Int64) -> FeedBatch { FeedBatch(changes: nil, position: position) }
}

extension FeedObserver {
    package var watchesChanges: Bool { true }
}

/// Whoever the change feed tells of changes. Calls come one after the other, and must not take long.
package protocol FeedObserver: AnyObject, Sendable {
    /// The table whose documents are to come with the changes, nil for none.
    var documentTable: String? { get }
    /// Whether changes are asked for; where nobody does, they are not read.
    var watchesChanges: Bool { get }
    /// Whether the number of the outbox's version is asked for.
    var watchesOutbox: Bool { get }
    /// Takes what was found.
    func receive(_ batch: FeedBatch)
    /// The store was closed.
    func finish()
}
