import BkendSync
import BkendWire
import Synchronization

/// A user's records on this device: every read and write works at once, with or without a network.
///
/// ```swift
/// let store = try await client.openLocalStore(at: folder)
/// let articles = store.table(Article.self)
/// let draft = try await articles.create(Article(title: "Offline", content: "…"))
/// for await snapshot in articles.order(by: \.title).live() { render(snapshot) }
/// ```
///
/// A write that returned is on the disk, as the change that queries see and as an entry of the outbox, in one
/// transaction. Several processes may use one store at the same time, and see each other's changes as they happen.
/// Nothing blocks the caller's executor.
public final class LocalStore: Sendable {
    let open: OpenStore
    private let owner: Mutex<String>
    /// Says who is signed in; nil in tests of the store alone.
    let sessions: SessionKeeper?
    /// Brings store and server together; nil in tests of the store alone.
    let synchroniser: StoreSync?

    init(_ open: OpenStore, userID: String, runner: CallRunner? = nil) {
        self.open = open
        owner = Mutex(userID)
        sessions = runner?.sessions
        synchroniser = runner.map { StoreSync(open, $0) }
    }

    /// The id of the user whose store this is, `""` for a guest's.
    ///
    /// A take-over through another handle isn't seen here: entries are made as whoever owns the store all the same.
    public internal(set) var userID: String {
        get { owner.withLock { $0 } }
        set { owner.withLock { $0 = newValue } }
    }

    /// The records of a model's table.
    public func table<Model: Table>(_ model: Model.Type) -> LocalTable<Model> {
        LocalTable(name: Model.tableName, store: self)
    }

    /// The records of a table as JSON objects.
    public func table(_ name: String) -> LocalTable<JSONObject> { LocalTable(name: name, store: self) }

    /// The records of a table other than the model's own.
    public func table<Model: RecordModel>(_ name: String, of model: Model.Type) -> LocalTable<Model> {
        LocalTable(name: name, store: self)
    }

    /// Several reads and writes, in any tables, as one durable transaction: all of it is stored, or nothing.
    ///
    /// ```swift
    /// try await store.write { store in
    ///     let list = try store.table(List.self).create(List(name: "Groceries"))
    ///     try store.table(Item.self).create(Item(listID: list.id, name: "Milk"))
    /// }
    /// ```
    ///
    /// The closure runs on the store's own thread, and no other write runs meanwhile, in any process: keep it short.
    ///
    /// An error that the closure catches undoes everything all the same, unless the call was refused before it changed
    /// anything, as for a record that isn't there: no operation is ever stored in part.
    ///
    /// - Throws: `StoreError`, or what the closure throws; nothing is stored then.
    @discardableResult
    public func write<Result: Sendable>(
        _ body: @escaping @Sendable (LocalTransaction) throws -> Result
    ) async throws -> Result {
        try await open.write { transaction in
            let local = LocalTransaction(transaction, store: self)
            defer { local.end() }
            return try body(local)
        }
    }

    /// Stops synchronisation, ends every live query of this handle and gives it back; calls afterwards throw `closed`. The
    /// last handle of a process closes the file. Calling it again does nothing.
    public func close() async {
        await synchroniser?.close()
        await open.close()
    }
}
