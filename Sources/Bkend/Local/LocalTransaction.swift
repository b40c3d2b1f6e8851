import BkendSync
public import BkendWire

/// The store inside `store.write { … }`. Reads see what the closure has written so far. When the closure returns, all
/// its writes are stored as one durable transaction.
///
/// ```swift
/// try await store.write { store in
///     let list = try store.table("lists").create(["name": "Groceries"])
///     try store.table("items").create(["list": .string(list.id), "name": "Milk"])
/// }
/// ```
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

    /// Runs a part of the transaction in a table, on a record.
    func run<Result>(
        _ table: String, _ id: String?, _ body: (StoreTransaction) throws -> Result
    ) throws(StoreError) -> Result {
        let open = try current()
        do { return try body(open) } catch { throw StoreError(error, table: table, record: id) }
    }

    /// The records of a model's table, or of another table with the same fields.
    public func table<Model: Table>(
        _ model: Model.Type, named name: String = Model.tableName
    ) -> TransactionTable<Model> {
        TransactionTable(name: name, transaction: self)
    }

    /// The records of a table as JSON objects.
    public func table(_ name: String) -> TransactionTable<JSONObject> {
        TransactionTable(name: name, transaction: self)
    }

    func table<Model: RecordModel>(of model: Model.Type, named name: String) -> TransactionTable<Model> {
        TransactionTable(name: name, transaction: self)
    }
}
