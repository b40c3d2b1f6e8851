public import BkendWire

/// What can be queried on this device: a table, or a query that was begun.
public protocol LocalQueryable<Model>: Sendable {
    /// The records' model.
    associatedtype Model: RecordModel

    /// What is being asked for.
    var localQuery: LocalQuery<Model> { get }
}

extension LocalQueryable {
    /// The records that match this filter too. Any filter is taken, also one that the REST API can't say.
    public func `where`(_ filter: (Model.Fields) -> some FilterConvertible) -> LocalQuery<Model> {
        self.filter(filter(Model.fields))
    }

    /// The records that match a filter that was built before too. It has another name than `where(_:)`: of one name for
    /// both forms the compiler would try either for each mistake in a closure, and tell of the wrong one.
    public func filter(_ filter: some FilterConvertible) -> LocalQuery<Model> {
        localQuery.changed { $0.filter(filter) }
    }

    /// In the order of a field; ties break by the field of a further call, at last by `id`.
    public func order<Value>(
        by field: KeyPath<Model.Fields, Field<Value>>, _ direction: Query.Sort.Direction = .ascending
    ) -> LocalQuery<Model> {
        localQuery.changed { $0.order(by: field, direction) }
    }

    /// In the order of a field, by its name or dotted path.
    public func order(byPath field: String, _ direction: Query.Sort.Direction = .ascending) -> LocalQuery<Model> {
        localQuery.changed { $0.order(byPath: field, direction) }
    }

    /// The records that hold the text in a top-level string, upper and lower case being the same (rest-api.md §4).
    public func search(_ text: String) -> LocalQuery<Model> { localQuery.changed { $0.search(text) } }

    /// The records that hold the text in that field.
    public func search<Value: TextValue>(
        _ text: String, in field: KeyPath<Model.Fields, Field<Value>>
    ) -> LocalQuery<Model> {
        localQuery.changed { $0.search(text, in: field) }
    }

    /// The same records, only the fields that a smaller model has; system fields always come along.
    public func select<Part: RecordModel>(_ part: Part.Type) -> LocalQuery<Part> {
        localQuery.changed { $0.select(part) }
    }

    /// The same records, only these fields, as JSON; system fields always come along.
    public func select<each Value>(
        _ fields: repeat KeyPath<Model.Fields, Field<each Value>>
    ) -> LocalQuery<JSONObject> {
        localQuery.changed { $0.select(repeat each fields) }
    }

    /// The same records, only the fields of these names, as JSON; system fields always come along.
    public func select(names: [String]) -> LocalQuery<JSONObject> { localQuery.changed { $0.select(names: names) } }

    /// The records of a query that belongs to no store: `Article.where { … }`. It takes the place of what this one asks
    /// for.
    public func matching(_ query: TableQuery<Model>) -> LocalQuery<Model> { localQuery.changed { _ in query } }

    /// At most so many records; all of them unless said.
    public func limit(_ count: Int) -> LocalQuery<Model> {
        var query = localQuery
        query.limit = count
        return query
    }

    /// Without the first records.
    public func offset(_ count: Int) -> LocalQuery<Model> {
        var query = localQuery
        query.offset = count
        return query
    }
}
