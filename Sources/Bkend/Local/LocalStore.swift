import BkendSync
import BkendWire
import Synchronization

/// A user's records on this device. Reads and writes work at once, with or without a network.
///
/// ```swift
/// let store = try await client.openLocalStore(at: folder)
/// let articles = store.table(Article.self)
/// let draft = try await articles.create(Article(title: "Offline", content: "…"))
/// for await snapshot in articles.order(by: \.title).live() { render(snapshot) }
/// ```
///
/// When a write returns, one transaction has stored both the change that queries see and its entry in the outbox,
/// durably on disk. Several processes can use one store at the same time and see each other's changes immediately. No
/// call blocks the caller's executor.
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

    /// The id of the user who owns the store, or `""` for a guest.
    ///
    /// This value doesn't change when another handle takes the store over. Entries are still made as the current owner.
    public internal(set) var userID: String {
        get { owner.withLock { $0 } }
        set { owner.withLock { $0 = newValue } }
    }

    /// The records of a model's table, or of another table with the same fields.
    ///
    /// ```swift
    /// let notes = store.table(Note.self)
    /// ```
    public func table<Model: Table>(_ model: Model.Type, named name: String = Model.tableName) -> LocalTable<Model> {
        LocalTable(name: name, store: self)
    }

    /// The records of a table as JSON objects.
    public func table(_ name: String) -> LocalTable<JSONObject> { LocalTable(name: name, store: self) }

    /// Runs several reads and writes, in any tables, as one durable transaction. Either all of it is stored, or
    /// nothing.
    ///
    /// ```swift
    /// try await store.write { store in
    ///     let list = try store.table("lists").create(["name": "Groceries"])
    ///     try store.table("items").create(["list": .string(list.id), "name": "Milk"])
    /// }
    /// ```
    ///
    /// The closure runs on the store's own thread. No other write runs meanwhile, in any process, so keep it short.
    ///
    /// If a call inside the closure fails, everything is undone even if the closure catches the error, unless the call
    /// failed before it changed anything, for example because a record doesn't exist. No operation is ever stored in
    /// part.
    ///
    /// - Throws: `StoreError`, or the closure's error. Nothing is stored then.
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

    /// Stops synchronisation, ends every live query of this handle and releases the handle. Later calls throw `closed`.
    /// The last handle of a process closes the file. Calling it again does nothing.
    public func close() async {
        await synchroniser?.close()
        await open.close()
    }
}
