public import BkendWire

/// A query for records of a table, and their order. It is a value, independent of any client, for both online calls and
/// the local store.
///
/// ```swift
/// let recent = Article.where { $0.isPublished == true }.order(by: \.createdAt, .descending)
/// let page = try await client.table(Article.self).matching(recent).page(1)
/// ```
public struct TableQuery<Model: RecordModel>: Hashable, Sendable {
    /// The query without its types.
    public var query: Query

    /// Creates a query; every record by default.
    public init(_ query: Query = Query()) { self.query = query }

    /// The records that match this filter too.
    ///
    /// Accepts any filter. The local store runs all of them. Online, a filter that the REST API can't express throws
    /// `FilterNotExpressible`, inside a `BkendError`, before any request.
    public func `where`(_ filter: (Model.Fields) -> some FilterConvertible) -> TableQuery {
        self.filter(filter(Model.fields))
    }

    /// The records that also match a filter built earlier.
    public func filter(_ filter: some FilterConvertible) -> TableQuery {
        changed { $0.filter = $0.filter == .all ? filter.filter : .allOf([$0.filter, filter.filter]) }
    }

    /// Orders by a field. It breaks the ties of earlier calls' fields. Online, only one field can be sent, and ties
    /// break by `id` in the same direction.
    public func order<Value>(
        by field: KeyPath<Model.Fields, Field<Value>>, _ direction: Query.Sort.Direction = .ascending
    ) -> TableQuery {
        order(byPath: Model.fields[keyPath: field].fieldPath, direction)
    }

    /// Orders by a field, given as a name or dotted path.
    public func order(byPath field: String, _ direction: Query.Sort.Direction = .ascending) -> TableQuery {
        changed { $0.sort.append(Query.Sort(field, direction)) }
    }

    /// The records that contain the text in a top-level string, ignoring case (rest-api.md §4).
    public func search(_ text: String) -> TableQuery { changed { $0.search = Query.Search(text) } }

    /// The records that contain the text in that field.
    public func search<Value: TextValue>(
        _ text: String, in field: KeyPath<Model.Fields, Field<Value>>
    ) -> TableQuery {
        changed { $0.search = Query.Search(text, in: Model.fields[keyPath: field].fieldPath) }
    }

    /// The same records with only the fields of a smaller model. System fields are always included.
    public func select<Part: RecordModel>(_ part: Part.Type) -> TableQuery<Part> {
        var query = query
        query.select = part.fieldNames.isEmpty ? nil : part.fieldNames
        return TableQuery<Part>(query)
    }

    /// The same records with only these fields, as JSON. System fields are always included.
    public func select<each Value>(
        _ fields: repeat KeyPath<Model.Fields, Field<each Value>>
    ) -> TableQuery<JSONObject> {
        var names: [String] = []
        for field in repeat each fields { names.append(Model.fields[keyPath: field].fieldPath) }
        return select(names: names)
    }

    /// The same records with only the fields of these names, as JSON. System fields are always included.
    public func select(names: [String]) -> TableQuery<JSONObject> {
        var query = query
        query.select = names
        return TableQuery<JSONObject>(query)
    }

    private func changed(_ change: (inout Query) -> Void) -> TableQuery {
        var copy = self
        change(&copy.query)
        return copy
    }
}
