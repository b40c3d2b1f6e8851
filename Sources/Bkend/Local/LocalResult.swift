public import BkendWire

/// Whether an answer from this device can miss records that the server has.
public enum AnswerCompleteness: Hashable, Sendable {
    /// Every record that the server listed is here: the whole table is subscribed to, or this very filter, and it has
    /// been read to the end.
    case complete
    /// The server may have more.
    case partial
}

/// The records that a local query found.
public struct LocalResult<Model: RecordModel>: Sendable {
    /// The records, in the query's order.
    public var records: [Record<Model>]
    /// Whether the server may have more.
    public var completeness: AnswerCompleteness
    /// Records that matched and don't fit the model.
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

/// One page of a local query's answer.
public struct LocalPage<Model: RecordModel>: Sendable {
    /// The records, in the query's order.
    public var records: [Record<Model>]
    /// Where they lie in the whole answer: total, page, limit, and whether more follow.
    public var pagination: Pagination
    /// Whether the server may have more.
    public var completeness: AnswerCompleteness
    /// Records of the page that don't fit the model.
    public var undecodable: [UndecodableRecord]
}

extension LocalResult: Equatable where Model: Equatable {}
extension LocalPage: Equatable where Model: Equatable {}
