import BkendDocuments
import BkendWire
import GRDB

/// A consistent view of the store, for as long as the closure runs that got it. What can be asked is behind the doors to
/// its parts: `outbox`, `documents`, `aliases` and so on. Here is what the parts share: the connection, what is kept under
/// a name, and what was looked up once.
package class StoreSnapshot {
    let db: Database
    /// Handles of the collections met so far.
    var collections: [ExactString: Collection]
    private var checked: Set<ExactString> = []
    private var knowsAliases: Bool?
    private var knowsEntries: Bool?
    /// Facts of the tables met so far, nil for tables of which none are known.
    var knownFacts: [ExactString: TableFacts?] = [:]

    init(_ db: Database, collections: [ExactString: Collection]) {
        self.db = db
        self.collections = collections
    }

    /// The user that the store belongs to, "" for a guest.
    package var owner: String { get throws { try meta("owner") ?? "" } }

    /// A value that the store or the app keeps under a name.
    package func meta(_ key: String) throws -> String? {
        try db.first("SELECT value FROM sync_meta WHERE key = ?", .text(key)) { $0.text(0) }
    }

    /// The leader's epoch.
    package var epoch: Int64 { get throws { Int64(try meta("epoch") ?? "") ?? 0 } }

    /// Moves whenever anything in the outbox changed.
    package var outboxVersion: Int64 { get throws { Int64(try meta("outbox") ?? "") ?? 0 } }

    /// The names of the tables that have documents here, in order.
    package var tables: [String] { get throws { try Collection.names(in: db) } }

    /// The collection of a table, nil when it has none yet.
    func collection(_ table: String) throws -> Collection? {
        let name = ExactString(table)
        if checked.contains(name) { return collections[name] }
        if let known = collections[name], try !known.exists(in: db) { collections[name] = nil }
        if collections[name] == nil { collections[name] = try Collection.named(table, in: db) }
        checked.insert(name)
        return collections[name]
    }

    func remember(_ collection: Collection) { collections[ExactString(collection.name)] = collection }

    /// Whether the id table has any row: before the first create no value needs to be looked up.
    func hasAliases() throws -> Bool {
        if let knowsAliases { return knowsAliases }
        let any = try db.number("SELECT 1 FROM sync_aliases LIMIT 1") != 0
        knowsAliases = any
        return any
    }

    func noteAliases() { knowsAliases = nil }

    /// Whether the outbox has any entry: while it is empty no row that comes in needs to be looked up in it.
    func hasEntries() throws -> Bool {
        if let knowsEntries { return knowsEntries }
        let any = try db.number("SELECT 1 FROM sync_entries LIMIT 1") != 0
        knowsEntries = any
        return any
    }

    func noteEntries() { knowsEntries = nil }

    func forgetCollections() {
        collections = [:]
        checked = []
        knownFacts = [:]
    }
}

/// What has doors to the parts: a snapshot, for what can be asked, and a transaction, for what can be changed as well.
///
/// A part is a struct over one of the two. It reads and writes the rows of one feature and lies in that feature's folder,
/// with its door. It uses the parts of lower folders alone; what concerns several parts is an operation in a higher folder.
package protocol StoreView: StoreSnapshot {}

extension StoreSnapshot: StoreView {}

/// What every part and operation has: the store that it works on.
protocol StorePart {
    associatedtype Store: StoreSnapshot
    var store: Store { get }
}

extension StorePart {
    var db: Database { store.db }
}
