public import BkendWire

/// A query for records of a table on the server.
public typealias RemoteQuery<Model: RecordModel> = RecordQuery<Model, BkendClient>

/// A table or a query on the server.
public protocol RemoteQueryable<Model>: Queryable, Sendable where Source == BkendClient {}

extension RecordQuery: RemoteQueryable where Source == BkendClient {}

extension RemoteQueryable {
    /// The records that match this filter too.
    ///
    /// ```swift
    /// let count = try await posts.where { $0.views >= 10 && $0.views < 100 }.count()
    /// ```
    ///
    /// Only filters that the REST API can express compile; `store.table(_:)` accepts any filter. For errors that types
    /// can't detect, the call that sends the query throws a `BkendError` with the reason `notExpressible` before any
    /// request.
    public func `where`(_ filter: (Model.Fields) -> some RESTExpressible) -> RemoteQuery<Model> {
        narrowed(filter(Model.fields).filter)
    }

    /// The records that also match a filter built earlier.
    public func filter(_ filter: some RESTExpressible) -> RemoteQuery<Model> { narrowed(filter.filter) }

    /// Says at compile time what can't be sent. Without it the type checker searches long for another reading of the
    /// filter, and ends with a worse message.
    @available(
        *, unavailable, message: "the REST API can't express this filter; query the local store or send several queries"
    )
    public func `where`(_ filter: (Model.Fields) -> Filter) -> RemoteQuery<Model> { narrowed(filter(Model.fields)) }
}
