import BkendWire

/// The records that a local query found.
public struct LocalResult<Model: RecordModel>: Sendable {
    /// The records, in the query's order.
    public var records: [Record<Model>]
    /// Whether the server may have more records.
    public var completeness: AnswerCompleteness
    /// Records that matched but don't fit the model.
    public var undecodable: [UndecodableRecord]
}

extension LocalResult: RandomAccessCollection {
    /// The position of the first record.
    public var startIndex: Int { records.startIndex }
    /// The position past the last record.
    public var endIndex: Int { records.endIndex }
    /// The record at that position.
    public subscript(position: Int) -> Record<Model> { records[position] }
}

extension LocalResult: Equatable where Model: Equatable {}
