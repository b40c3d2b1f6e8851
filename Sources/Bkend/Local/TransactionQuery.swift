import BkendSync
import BkendWire

/// A query for records of a table inside `store.write { … }`.
public typealias TransactionQuery<Model: RecordModel> = RecordQuery<Model, LocalTransaction>

extension LocalTransaction: LocalSource {}

extension TransactionTable: Filterable {
    /// Every record of the table.
    public var query: TransactionQuery<Model> { TransactionQuery(table: name, source: transaction) }
}

extension Filterable where Source == LocalTransaction {
    /// The records, as the transaction has left them so far.
    ///
    /// ```swift
    /// try await store.write { store in
    ///     let notes = store.table(Note.self)
    ///     for note in try notes.where({ $0.isDone == true }).fetch() { try notes.delete(note) }
    /// }
    /// ```
    public func fetch() throws(StoreError) -> LocalResult<Model> {
        let query = query
        let wanted = try query.wanted()
        let reader = RecordReader<Model>(table: query.table, store: query.source.store)
        return try query.source.run(query.table, nil) { try LocalResult(of: wanted, reader, in: $0) }
    }

    /// The first record, or nil if there is none; an error if it doesn't fit the model.
    public func first() throws(StoreError) -> Record<Model>? { try query.limitedToOne.fetch().first(in: query.table) }

    /// The number of matching records, without limit and offset.
    public func count() throws(StoreError) -> Int {
        let query = query
        let wanted = try query.wanted()
        return try query.source.run(query.table, nil) {
            try $0.documents.count(wanted.filter, search: wanted.search, in: query.table)
        }
    }
}
