public import BkendSync
public import BkendWire

/// A query for records of a table on this device, not run yet.
public struct LocalQuery<Model: RecordModel>: LocalQueryable {
    let table: String
    let store: LocalStore
    /// The query as a value, independent of any store.
    public let query: TableQuery<Model>
    var limit: Int?
    var offset = 0

    /// The query itself.
    public var localQuery: LocalQuery { self }

    func changed<Other: RecordModel>(_ change: (TableQuery<Model>) -> TableQuery<Other>) -> LocalQuery<Other> {
        LocalQuery<Other>(table: table, store: store, query: change(query), limit: limit, offset: offset)
    }

    /// The query with its part of the result.
    func wanted() throws(StoreError) -> Query {
        try LocalQueryRules.check(query.query, table: table)
        guard offset >= 0, limit ?? 0 >= 0 else {
            throw StoreError(.invalidQuery("limit and offset can't be negative"), table: table)
        }
        var query = query.query
        query.page = Query.Page(offset: offset, limit: limit ?? .max)
        return query
    }
}

/// What holds for every local query.
enum LocalQueryRules {
    /// - Throws: `StoreError` of `invalidQuery` for an operand that no stored value can be compared with.
    static func check(_ query: Query, table: String) throws(StoreError) {
        guard let field = query.filter.unwritableField else { return }
        let flaw =
            "it compares with a value that JSON can't represent: NaN, an infinity, a date outside the years 0000 to 9999, or a"
            + " number that would lose digits"
        throw StoreError(.invalidQuery(flaw), table: table, field: field)
    }
}

extension LocalQueryable {
    /// The records.
    ///
    /// - Throws: `StoreError`
    public func fetch() async throws(StoreError) -> LocalResult<Model> {
        let query = localQuery
        let wanted = try query.wanted()
        return try await query.store.open.read { try query.result(of: wanted, in: $0) }
    }

    /// The first record, or nil if there is none.
    ///
    /// - Throws: `StoreError`; `notDecodable` if it doesn't fit the model.
    public func first() async throws(StoreError) -> Record<Model>? {
        var query = localQuery
        query.limit = min(query.limit ?? 1, 1)
        let result = try await query.fetch()
        if let flawed = result.undecodable.first {
            throw StoreError(
                .notDecodable(flawed.error), table: query.table, record: flawed.id, field: flawed.error.path)
        }
        return result.records.first
    }

    /// The number of matching records, without limit and offset.
    ///
    /// - Throws: `StoreError`
    public func count() async throws(StoreError) -> Int {
        let query = localQuery
        let wanted = try query.wanted()
        return try await query.store.open.read {
            try $0.count(wanted.filter, search: wanted.search, in: query.table)
        }
    }

    /// One page of the result. Replaces limit and offset.
    ///
    /// - Parameters:
    ///   - number: the page, from 1.
    ///   - limit: the number of rows per page, at least 1. It can be larger than the server's maximum.
    /// - Throws: `StoreError`
    public func page(
        _ number: Int = 1, limit: Int = Query.Page.defaultLimit
    ) async throws(StoreError) -> LocalPage<Model> {
        try await localQuery.page(Query.Page(number, limit: limit))
    }

    /// The part of the result after a number of rows. Replaces limit and offset.
    ///
    /// - Throws: `StoreError`
    public func page(
        offset: Int, limit: Int = Query.Page.defaultLimit
    ) async throws(StoreError) -> LocalPage<Model> {
        try await localQuery.page(Query.Page(offset: offset, limit: limit))
    }
}

extension LocalQuery {
    func page(_ page: Query.Page) async throws(StoreError) -> LocalPage<Model> {
        guard page.limit >= 1, page.number >= 1, page.offset ?? 0 >= 0 else {
            throw StoreError(
                .invalidQuery("a page has at least 1 row; page numbers start at 1, offsets at 0"), table: table)
        }
        var wanted = try wanted()
        wanted.page = page
        return try await store.open.read { [wanted] snapshot in
            let (documents, total) = try snapshot.page(wanted, in: table)
            let (records, undecodable) = try reader.records(documents, in: snapshot)
            return LocalPage(
                records: records, pagination: Pagination(total: total, page: page),
                completeness: try completeness(of: wanted, in: snapshot), undecodable: undecodable)
        }
    }

    func result(of wanted: Query, in snapshot: StoreSnapshot) throws -> LocalResult<Model> {
        let documents = try snapshot.find(wanted, in: table)
        let (records, undecodable) = try reader.records(documents, in: snapshot)
        return LocalResult(
            records: records, completeness: try completeness(of: wanted, in: snapshot), undecodable: undecodable)
    }

    var reader: RecordReader<Model> { RecordReader(table: table, store: store) }

    private func completeness(of query: Query, in snapshot: StoreSnapshot) throws -> AnswerCompleteness {
        let known = try snapshot.completeness(of: table)
        if known.drained.isEmpty { return .partial }
        return known.covers(try snapshot.resolve(query.filter, table: table)) ? .complete : .partial
    }
}
