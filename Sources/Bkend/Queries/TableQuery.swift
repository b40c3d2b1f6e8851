public import BkendWire

/// Which records of a table, in which order: a value that belongs to no client, the same online and in the local
/// store.
///
/// ```swift
/// let recent = Article.where { $0.isPublished == true }.order(by: \.createdAt, .descending)
/// let page = try await client.table(Article.self).matching(recent).page(1)
/// ```
public struct TableQuery<Model: RecordModel>: Hashable, Sendable {
    /// The query without its types.
    public var query: Query

    /// A query; every record unless said otherwise.
    public init(_ query: Query = Query()) { self.query = query }

    /// The records that match this filter too.
    ///
    /// Any filter is taken. The local store answers all of them; online, one that the REST API can't say throws
    /// `FilterNotExpressible`, inside a `BkendError`, before any request.
    public func `where`(_ filter: (Model.Fields) -> some FilterConvertible) -> TableQuery {
        self.filter(filter(Model.fields))
    }

    /// The records that match a filter that was built before too.
    public func filter(_ filter: some FilterConvertible) -> TableQuery {
        changed { $0.filter = $0.filter == .all ? filter.filter : .allOf([$0.filter, filter.filter]) }
    }

    /// In the order of a field; ties, and those of an earlier call's field, break by this one. Online one field can be
    /// sent; ties there break by `id` in the same direction.
    public func order<Value>(
        by field: KeyPath<Model.Fields, Field<Value>>, _ direction: Query.Sort.Direction = .ascending
    ) -> TableQuery {
        order(byPath: Model.fields[keyPath: field].fieldPath, direction)
    }

    /// In the order of a field, by its name or dotted path.
    public func order(byPath field: String, _ direction: Query.Sort.Direction = .ascending) -> TableQuery {
        changed { $0.sort.append(Query.Sort(field, direction)) }
    }

    /// The records that hold the text in a top-level string, upper and lower case being the same (rest-api.md §4).
    public func search(_ text: String) -> TableQuery { changed { $0.search = Query.Search(text) } }

    /// The records that hold the text in that field.
    public func search<Value: TextValue>(
        _ text: String, in field: KeyPath<Model.Fields, Field<Value>>
    ) -> TableQuery {
        changed { $0.search = Query.Search(text, in: Model.fields[keyPath: field].fieldPath) }
    }

    /// The same records, only the fields that a smaller model has; system fields always come along.
    public func select<Part: RecordModel>(_ part: Part.Type) -> TableQuery<Part> {
        var query = query
        query.select = part.fieldNames.isEmpty ? nil : part.fieldNames
        return TableQuery<Part>(query)
    }

    /// The same records, only these fields, as JSON; system fields always come along.
    public func select<each Value>(
        _ fields: repeat KeyPath<Model.Fields, Field<each Value>>
    ) -> TableQuery<JSONObject> {
        var names: [String] = []
        for field in repeat each fields { names.append(Model.fields[keyPath: field].fieldPath) }
        return select(names: names)
    }

    /// The same records, only the fields of these names, as JSON; system fields always come along.
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
