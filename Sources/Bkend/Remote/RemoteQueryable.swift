public import BkendWire

/// What can be queried on the server: a table, or a query that was begun.
public protocol RemoteQueryable<Model>: Sendable {
    /// The records' model.
    associatedtype Model: RecordModel

    /// What is being asked for.
    var remoteQuery: RemoteQuery<Model> { get }
}

extension RemoteQueryable {
    /// The records that match this filter too.
    ///
    /// Only filters that the REST API can say compile; `store.table(_:)` takes any. Where types can't see it, the call
    /// that sends the query throws a `BkendError` of `notExpressible` before any request.
    public func `where`(_ filter: (Model.Fields) -> some RESTExpressible) -> RemoteQuery<Model> {
        self.filter(filter(Model.fields))
    }

    /// The records that match a filter that was built before too.
    public func filter(_ filter: some RESTExpressible) -> RemoteQuery<Model> {
        remoteQuery.changed { $0.filter(filter) }
    }

    /// Says at compile time what can't be sent. Without it the type checker searches long for another reading of the
    /// filter, and ends with a worse message.
    @available(
        *, unavailable, message: "the REST API can't express this filter; query the local store or send several queries"
    )
    public func `where`(_ filter: (Model.Fields) -> Filter) -> RemoteQuery<Model> {
        remoteQuery.changed { $0.filter(filter(Model.fields)) }
    }

    /// In the order of a field; one field can be sent, and ties break by `id` in the same direction.
    public func order<Value>(
        by field: KeyPath<Model.Fields, Field<Value>>, _ direction: Query.Sort.Direction = .ascending
    ) -> RemoteQuery<Model> {
        remoteQuery.changed { $0.order(by: field, direction) }
    }

    /// In the order of a field, by its name or dotted path.
    public func order(byPath field: String, _ direction: Query.Sort.Direction = .ascending) -> RemoteQuery<Model> {
        remoteQuery.changed { $0.order(byPath: field, direction) }
    }

    /// The records that hold the text in a top-level string, upper and lower case being the same (rest-api.md §4).
    public func search(_ text: String) -> RemoteQuery<Model> { remoteQuery.changed { $0.search(text) } }

    /// The records that hold the text in that field.
    public func search<Value: TextValue>(
        _ text: String, in field: KeyPath<Model.Fields, Field<Value>>
    ) -> RemoteQuery<Model> {
        remoteQuery.changed { $0.search(text, in: field) }
    }

    /// The same records, only the fields that a smaller model has; system fields always come along.
    public func select<Part: RecordModel>(_ part: Part.Type) -> RemoteQuery<Part> {
        remoteQuery.changed { $0.select(part) }
    }

    /// The same records, only these fields, as JSON; system fields always come along.
    public func select<each Value>(
        _ fields: repeat KeyPath<Model.Fields, Field<each Value>>
    ) -> RemoteQuery<JSONObject> {
        remoteQuery.changed { $0.select(repeat each fields) }
    }

    /// The same records, only the fields of these names, as JSON; system fields always come along.
    public func select(names: [String]) -> RemoteQuery<JSONObject> {
        remoteQuery.changed { $0.select(names: names) }
    }

    /// The records of a query that belongs to no client: `Article.where { … }`. It takes the place of what this one
    /// asks for.
    public func matching(_ query: TableQuery<Model>) -> RemoteQuery<Model> { remoteQuery.changed { _ in query } }
}
