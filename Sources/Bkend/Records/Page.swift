public import BkendWire

/// One page of a query's result.
public struct Page<Model: RecordModel>: Sendable {
    /// The records, in the query's order.
    public var records: [Record<Model>]
    /// Their position in the whole result: total, page, limit, and whether more follow.
    public var pagination: Pagination
    /// Rows of the page that don't fit the model. The other rows are still in `records`.
    public var undecodable: [UndecodableRecord]

    /// A page.
    public init(records: [Record<Model>], pagination: Pagination, undecodable: [UndecodableRecord] = []) {
        self.records = records
        self.pagination = pagination
        self.undecodable = undecodable
    }
}

extension Page: Equatable where Model: Equatable {}
