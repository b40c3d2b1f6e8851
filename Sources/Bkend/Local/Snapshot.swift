public import BkendSync

/// What a live query shows at one moment.
public struct Snapshot<Model: RecordModel>: Sendable {
    /// The records, in the query's order.
    public var records: [Record<Model>] = []
    /// What changed since the snapshot before, for this reader; everything is inserted in the first one.
    public var changes = SnapshotChanges()
    /// Records that match and don't fit the model.
    public var undecodable: [UndecodableRecord] = []
    /// How many of the records have writes that wait for the server.
    public var pending = 0
    /// How many of the records have a write that the server rejected, or of which nobody can say what became of it.
    public var failed = 0
    /// Whether the server may have more.
    public var completeness = AnswerCompleteness.partial
    /// Why the query can't be answered now; the records are the last ones then. The next change tries again.
    public var error: StoreError?

    /// No records yet.
    init() {}
}

extension Snapshot: Equatable where Model: Equatable {}
