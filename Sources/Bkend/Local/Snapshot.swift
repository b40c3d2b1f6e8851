public import BkendSync

/// The result of a live query at one moment.
///
/// ```swift
/// for await snapshot in notes.order(by: \.createdAt).live() {
///     render(snapshot.records.map { "\($0.text) \(badge($0.syncState))" }, snapshot.changes)
/// }
/// ```
public struct Snapshot<Model: RecordModel>: Sendable {
    /// The records, in the query's order.
    public var records: [Record<Model>] = []
    /// The changes since this reader's previous snapshot. In the first snapshot every record is inserted.
    public var changes = SnapshotChanges()
    /// Records that match but don't fit the model.
    public var undecodable: [UndecodableRecord] = []
    /// The number of records with writes that wait for the server.
    public var pending = 0
    /// The number of records with a write that the server rejected, or whose outcome is unknown.
    public var failed = 0
    /// Whether the server may have more records.
    public var completeness = AnswerCompleteness.partial
    /// Why the query can't be run now. The records are then those of the last result. The next change runs the query
    /// again.
    public var error: StoreError?

    /// No records yet.
    init() {}
}

extension Snapshot: Equatable where Model: Equatable {}
