import BkendSync
public import BkendWire

/// The store inside `store.write { … }`. Reads see what the closure has written so far. When the closure returns, all
/// its writes are stored as one durable transaction.
public final class LocalTransaction {
    private var transaction: StoreTransaction?
    let store: LocalStore

    init(_ transaction: StoreTransaction, store: LocalStore) {
        self.transaction = transaction
        self.store = store
    }

    /// What leaves the closure is of no use.
    func end() { transaction = nil }

    func current() throws(StoreError) -> StoreTransaction {
        guard let transaction else { throw StoreError(.transactionIsOver) }
        return transaction
    }

    /// The records of a model's table.
    public func table<Model: Table>(_ model: Model.Type) -> TransactionTable<Model> {
        TransactionTable(name: Model.tableName, transaction: self)
    }

    /// The records of a table as JSON objects.
    public func table(_ name: String) -> TransactionTable<JSONObject> {
        TransactionTable(name: name, transaction: self)
    }

    /// The records of a table other than the model's own.
    public func table<Model: RecordModel>(_ name: String, of model: Model.Type) -> TransactionTable<Model> {
        TransactionTable(name: name, transaction: self)
    }
}
