public import BkendWire

/// A table or a query on the server that can be refined and run.
public protocol RemoteQueryable<Model>: Sendable {
    /// The records' model.
    associatedtype Model: RecordModel

    /// The query.
    var remoteQuery: RemoteQuery<Model> { get }
}

extension RemoteQueryable {
    /// The records that match this filter too.
    ///
    /// Only filters that the REST API can express compile; `store.table(_:)` accepts any filter. For errors that types
    /// can't detect, the call that sends the query throws a `BkendError` with the reason `notExpressible` before any
    /// request.
    public func `where`(_ filter: (Model.Fields) -> some RESTExpressible) -> RemoteQuery<Model> {
        self.filter(filter(Model.fields))
    }

    /// The records that also match a filter built earlier.
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

    /// Orders by a field. Only one field can be sent, and ties break by `id` in the same direction.
    public func order<Value>(
        by field: KeyPath<Model.Fields, Field<Value>>, _ direction: Query.Sort.Direction = .ascending
    ) -> RemoteQuery<Model> {
        remoteQuery.changed { $0.order(by: field, direction) }
    }

    /// Orders by a field, given as a name or dotted path.
    public func order(byPath field: String, _ direction: Query.Sort.Direction = .ascending) -> RemoteQuery<Model> {
        remoteQuery.changed { $0.order(byPath: field, direction) }
    }

    /// The records that contain the text in a top-level string, ignoring case (rest-api.md §4).
    public func search(_ text: String) -> RemoteQuery<Model> { remoteQuery.changed { $0.search(text) } }

    /// The records that contain the text in that field.
    public func search<Value: TextValue>(
        _ text: String, in field: KeyPath<Model.Fields, Field<Value>>
    ) -> RemoteQuery<Model> {
        remoteQuery.changed { $0.search(text, in: field) }
    }

    /// The same records with only the fields of a smaller model. System fields are always included.
    public func select<Part: RecordModel>(_ part: Part.Type) -> RemoteQuery<Part> {
        remoteQuery.changed { $0.select(part) }
    }

    /// The same records with only these fields, as JSON. System fields are always included.
    public func select<each Value>(
        _ fields: repeat KeyPath<Model.Fields, Field<each Value>>
    ) -> RemoteQuery<JSONObject> {
        remoteQuery.changed { $0.select(repeat each fields) }
    }

    /// The same records with only the fields of these names, as JSON. System fields are always included.
    public func select(names: [String]) -> RemoteQuery<JSONObject> {
        remoteQuery.changed { $0.select(names: names) }
    }

    /// The records of an independent query: `Article.where { … }`. It replaces this query.
    public func matching(_ query: TableQuery<Model>) -> RemoteQuery<Model> { remoteQuery.changed { _ in query } }
}
