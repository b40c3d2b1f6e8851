public import BkendWire

/// A table or a query that can be refined: on the server, on this device, in a transaction, or as a value.
///
/// ```swift
/// let page = try await posts.order(by: \.createdAt, .descending).select(PostTitle.self).page()
/// ```
public protocol Queryable<Model> {
    /// The records' model.
    associatedtype Model: RecordModel
    /// Where the records are: `BkendClient`, `LocalStore`, `LocalTransaction`, or `Nowhere` for a value.
    associatedtype Source

    /// The query so far.
    var query: RecordQuery<Model, Source> { get }
}

extension Queryable {
    /// Orders by a field. Further calls break the ties of earlier ones; the last tie-breaker is `id`. Online, only one
    /// field can be sent, and ties break by `id` in the same direction.
    ///
    /// ```swift
    /// let newest = notes.order(by: \.createdAt, .descending)
    /// ```
    public func order<Value>(
        by field: KeyPath<Model.Fields, Field<Value>>, _ direction: SortDirection = .ascending
    ) -> RecordQuery<Model, Source> {
        order(byPath: Model.fields[keyPath: field].fieldPath, direction)
    }

    /// Orders by a field, given as a name or dotted path.
    public func order(byPath field: String, _ direction: SortDirection = .ascending) -> RecordQuery<Model, Source> {
        query.changed { $0.sort.append(Query.Sort(field, direction)) }
    }

    /// The records that contain the text in a top-level string, ignoring case (rest-api.md §4).
    ///
    /// ```swift
    /// let found = try await posts.search("offline").page()
    /// ```
    public func search(_ text: String) -> RecordQuery<Model, Source> {
        query.changed { $0.search = Query.Search(text) }
    }

    /// The records that contain the text in that field.
    public func search<Value: TextValue>(
        _ text: String, in field: KeyPath<Model.Fields, Field<Value>>
    ) -> RecordQuery<Model, Source> {
        query.changed { $0.search = Query.Search(text, in: Model.fields[keyPath: field].fieldPath) }
    }

    /// The same records with only the fields of a smaller model. System fields are always included.
    ///
    /// ```swift
    /// let titles = try await posts.select(PostTitle.self).page()
    /// ```
    public func select<Part: RecordModel>(_ part: Part.Type) -> RecordQuery<Part, Source> {
        query.changed { $0.select = part.fieldNames.isEmpty ? nil : part.fieldNames }
    }

    /// The same records with only these fields, as JSON. System fields are always included.
    ///
    /// ```swift
    /// let bare = try await posts.select(\.title, \.views).page()
    /// ```
    public func select<each Value>(
        _ fields: repeat KeyPath<Model.Fields, Field<each Value>>
    ) -> RecordQuery<JSONObject, Source> {
        var names: [String] = []
        for field in repeat each fields { names.append(Model.fields[keyPath: field].fieldPath) }
        return select(names: names)
    }

    /// The same records with only the fields of these names, as JSON. System fields are always included.
    public func select(names: [String]) -> RecordQuery<JSONObject, Source> { query.changed { $0.select = names } }

    /// The records of an independent query. It replaces this query.
    ///
    /// ```swift
    /// let recent = Article.where { $0.isPublished == true }.order(by: \.createdAt, .descending)
    /// let page = try await client.table(Article.self).matching(recent).page(1)
    /// ```
    public func matching(_ other: TableQuery<Model>) -> RecordQuery<Model, Source> {
        query.changed { $0 = other.parts }
    }

    /// The records that match a filter too.
    func narrowed(_ filter: Filter) -> RecordQuery<Model, Source> {
        query.changed { $0.filter = $0.filter == .all ? filter : .allOf([$0.filter, filter]) }
    }
}
