public import BkendSync
import BkendWire

/// A query for records of a table on this device.
public typealias LocalQuery<Model: RecordModel> = RecordQuery<Model, LocalStore>

/// A table or a query on this device.
public protocol LocalQueryable<Model>: Filterable, Sendable where Source == LocalStore {}

extension LocalStore: LocalSource {}
extension RecordQuery: LocalQueryable where Source == LocalStore {}

extension RecordQuery where Source: LocalSource {
    /// The query with its part of the result.
    func wanted() throws(StoreError) -> Query {
        try LocalQueryRules.check(parts, table: table)
        guard offset >= 0, limit ?? 0 >= 0 else {
            throw StoreError(.invalidQuery("limit and offset can't be negative"), table: table)
        }
        var wanted = parts
        wanted.page = Query.Page(offset: offset, limit: limit ?? .max)
        return wanted
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
    /// ```swift
    /// let result = try await notes.where { $0.isDone == false }.fetch()
    /// if result.completeness == .partial { hint("More notes may come with the next sync") }
    /// ```
    ///
    /// - Throws: `StoreError`
    public func fetch() async throws(StoreError) -> LocalResult<Model> {
        let query = query
        let wanted = try query.wanted()
        return try await query.source.open.read { try LocalResult(of: wanted, query.reader, in: $0) }
    }

    /// The first record, or nil if there is none.
    ///
    /// - Throws: `StoreError`; `notDecodable` if it doesn't fit the model.
    public func first() async throws(StoreError) -> Record<Model>? {
        try await query.limitedToOne.fetch().first(in: query.table)
    }

    /// The number of matching records, without limit and offset.
    ///
    /// - Throws: `StoreError`
    public func count() async throws(StoreError) -> Int {
        let query = query
        let wanted = try query.wanted()
        return try await query.source.open.read {
            try $0.documents.count(wanted.filter, search: wanted.search, in: query.table)
        }
    }

    /// One page of the result. Replaces limit and offset.
    ///
    /// - Parameters:
    ///   - number: the page, from 1.
    ///   - limit: the number of rows per page, at least 1. It can be larger than the server's maximum.
    /// - Throws: `StoreError`
    public func page(
        _ number: Int = 1, limit: Int = 20
    ) async throws(StoreError) -> Page<Model> {
        try await query.page(Query.Page(number, limit: limit))
    }

    /// The part of the result after a number of rows. Replaces limit and offset.
    ///
    /// - Throws: `StoreError`
    public func page(
        offset: Int, limit: Int = 20
    ) async throws(StoreError) -> Page<Model> {
        try await query.page(Query.Page(offset: offset, limit: limit))
    }
}

extension RecordQuery where Source == LocalStore {
    fileprivate func page(_ page: Query.Page) async throws(StoreError) -> Page<Model> {
        guard page.limit >= 1, page.number >= 1, page.offset ?? 0 >= 0 else {
            throw StoreError(
                .invalidQuery("a page has at least 1 row; page numbers start at 1, offsets at 0"), table: table)
        }
        var wanted = try wanted()
        wanted.page = page
        return try await source.open.read { [wanted] snapshot in
            let (documents, total) = try snapshot.documents.page(wanted, in: table)
            let (records, undecodable) = try reader.records(documents, in: snapshot)
            return Page(
                records: records, pagination: Pagination(total: total, page: page), undecodable: undecodable,
                completeness: try AnswerCompleteness(of: wanted, table, in: snapshot))
        }
    }

    var reader: RecordReader<Model> { RecordReader(table: table, store: source) }
}

extension RecordQuery {
    /// The query for its first record.
    var limitedToOne: RecordQuery {
        var query = self
        query.limit = min(query.limit ?? 1, 1)
        return query
    }
}

extension LocalResult {
    /// What a query finds in a snapshot.
    init(of wanted: Query, _ reader: RecordReader<Model>, in snapshot: StoreSnapshot) throws {
        let documents = try snapshot.documents.find(wanted, in: reader.table)
        (records, undecodable) = try reader.records(documents, in: snapshot)
        completeness = try AnswerCompleteness(of: wanted, reader.table, in: snapshot)
    }

    /// The first record, nil when there is none.
    ///
    /// - Throws: `StoreError` of `notDecodable` if it doesn't fit the model.
    func first(in table: String) throws(StoreError) -> Record<Model>? {
        if let flawed = undecodable.first { throw StoreError(flawed, table: table) }
        return records.first
    }
}

extension AnswerCompleteness {
    init(of query: Query, _ table: String, in snapshot: StoreSnapshot) throws {
        let known = try snapshot.subscriptions.completeness(of: table)
        self = .partial
        if known.drained.isEmpty { return }
        if known.covers(try snapshot.aliases.resolve(query.filter, table: table)) { self = .complete }
    }
}
