public import BkendWire

/// One page of a query's result.
///
/// ```swift
/// let page = try await posts.where { $0.isPublished == true }.page(1, limit: 20)
/// print(page.records.count, "of", page.pagination.total)
/// ```
public struct Page<Model: RecordModel>: Sendable {
    /// The records, in the query's order.
    public var records: [Record<Model>]
    /// Their position in the whole result: total, page, limit, and whether more follow.
    public var pagination: Pagination
    /// Rows of the page that don't fit the model. The other rows are still in `records`.
    public var undecodable: [UndecodableRecord]
    /// Whether the server may have more records. A page from the server is always complete.
    public var completeness: AnswerCompleteness

    init(
        records: [Record<Model>], pagination: Pagination, undecodable: [UndecodableRecord] = [],
        completeness: AnswerCompleteness = .complete
    ) {
        self.records = records
        self.pagination = pagination
        self.undecodable = undecodable
        self.completeness = completeness
    }
}

extension Page: Equatable where Model: Equatable {}
