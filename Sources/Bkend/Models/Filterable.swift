public import BkendWire

/// Where a query can have any filter: in a local store, in its transactions, and in a value.
public protocol LocalSource {}

/// A table or a query that can have any filter, including those that the REST API can't express.
public protocol Filterable<Model>: Queryable where Source: LocalSource {}

extension RecordQuery: Filterable where Source: LocalSource {}

extension Filterable {
    /// The records that match this filter too.
    ///
    /// ```swift
    /// let open = try await articles.where { !($0.isPublished == true) || $0.author.name == "Ada" }.fetch()
    /// ```
    ///
    /// Online, a value with a filter that the REST API can't express throws `FilterNotExpressible`, inside a
    /// `BkendError`, before any request.
    public func `where`(_ filter: (Model.Fields) -> some FilterConvertible) -> RecordQuery<Model, Source> {
        narrowed(filter(Model.fields).filter)
    }

    /// The records that also match a filter built earlier. The name differs from `where(_:)` because with one name for
    /// both forms, the compiler reports mistakes in a closure for the wrong form.
    public func filter(_ filter: some FilterConvertible) -> RecordQuery<Model, Source> { narrowed(filter.filter) }
}

// A store and a transaction are classes; a value has no limit of its own.
extension Filterable where Source: AnyObject {
    /// At most this many records. Without a limit, all records.
    public func limit(_ count: Int) -> RecordQuery<Model, Source> {
        var query = query
        query.limit = count
        return query
    }

    /// Skips this many records at the start.
    public func offset(_ count: Int) -> RecordQuery<Model, Source> {
        var query = query
        query.offset = count
        return query
    }
}
