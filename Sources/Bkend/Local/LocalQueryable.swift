public import BkendWire

/// A table or a query on this device that can be refined and run.
public protocol LocalQueryable<Model>: Sendable {
    /// The records' model.
    associatedtype Model: RecordModel

    /// The query.
    var localQuery: LocalQuery<Model> { get }
}

extension LocalQueryable {
    /// The records that match this filter too. Accepts any filter, including those that the REST API can't express.
    public func `where`(_ filter: (Model.Fields) -> some FilterConvertible) -> LocalQuery<Model> {
        self.filter(filter(Model.fields))
    }

    /// The records that also match a filter built earlier. The name differs from `where(_:)` because with one name for
    /// both forms, the compiler reports mistakes in a closure for the wrong form.
    public func filter(_ filter: some FilterConvertible) -> LocalQuery<Model> {
        localQuery.changed { $0.filter(filter) }
    }

    /// Orders by a field. Further calls break ties by their fields; the last tie-breaker is `id`.
    public func order<Value>(
        by field: KeyPath<Model.Fields, Field<Value>>, _ direction: Query.Sort.Direction = .ascending
    ) -> LocalQuery<Model> {
        localQuery.changed { $0.order(by: field, direction) }
    }

    /// Orders by a field, given as a name or dotted path.
    public func order(byPath field: String, _ direction: Query.Sort.Direction = .ascending) -> LocalQuery<Model> {
        localQuery.changed { $0.order(byPath: field, direction) }
    }

    /// The records that contain the text in a top-level string, ignoring case (rest-api.md §4).
    public func search(_ text: String) -> LocalQuery<Model> { localQuery.changed { $0.search(text) } }

    /// The records that contain the text in that field.
    public func search<Value: TextValue>(
        _ text: String, in field: KeyPath<Model.Fields, Field<Value>>
    ) -> LocalQuery<Model> {
        localQuery.changed { $0.search(text, in: field) }
    }

    /// The same records with only the fields of a smaller model. System fields are always included.
    public func select<Part: RecordModel>(_ part: Part.Type) -> LocalQuery<Part> {
        localQuery.changed { $0.select(part) }
    }

    /// The same records with only these fields, as JSON. System fields are always included.
    public func select<each Value>(
        _ fields: repeat KeyPath<Model.Fields, Field<each Value>>
    ) -> LocalQuery<JSONObject> {
        localQuery.changed { $0.select(repeat each fields) }
    }

    /// The same records with only the fields of these names, as JSON. System fields are always included.
    public func select(names: [String]) -> LocalQuery<JSONObject> { localQuery.changed { $0.select(names: names) } }

    /// The records of an independent query: `Article.where { … }`. It replaces this query.
    public func matching(_ query: TableQuery<Model>) -> LocalQuery<Model> { localQuery.changed { _ in query } }

    /// At most this many records. Without a limit, all records.
    public func limit(_ count: Int) -> LocalQuery<Model> {
        var query = localQuery
        query.limit = count
        return query
    }

    /// Skips this many records at the start.
    public func offset(_ count: Int) -> LocalQuery<Model> {
        var query = localQuery
        query.offset = count
        return query
    }
}
