import BkendDocuments
import BkendWire
import GRDB

/// Where an environment keeps its table definitions: the current ones, and every version that there ever was
/// (rest-api.md §6).
enum TableStore {
    /// SQL that takes the tables from one format to the next; the first makes them. A step that has been released is
    /// never changed.
    private static let steps = [
        """
        CREATE TABLE server_catalog (format INTEGER NOT NULL, generation INTEGER NOT NULL) STRICT;
        INSERT INTO server_catalog VALUES (0, 1);
        CREATE TABLE server_tables (
            name TEXT PRIMARY KEY, version INTEGER NOT NULL, definition TEXT NOT NULL) STRICT, WITHOUT ROWID;
        CREATE TABLE server_table_versions (
            name TEXT NOT NULL, version INTEGER NOT NULL, definition TEXT NOT NULL, createdAt TEXT NOT NULL,
            PRIMARY KEY (name, version)) STRICT, WITHOUT ROWID;
        """,
        // The tables that a first record has made.
        "CREATE TABLE server_dynamic_tables (name TEXT PRIMARY KEY) STRICT, WITHOUT ROWID;",
    ]

    /// The format that this program reads and writes.
    static var format: Int { steps.count }

    /// Makes the tables of a new database and brings those of an older one up to date; refuses newer ones.
    static func prepare(_ db: Database, path: String) throws {
        let exists = try db.tableExists("server_catalog")
        let found = exists ? try Int.fetchOne(db, sql: "SELECT format FROM server_catalog") ?? 0 : 0
        guard found <= format else {
            throw OperatorError(
                "\(path) has format \(found), newer than this bkend-server knows (\(format)); use a newer one")
        }
        if found == format { return }
        for step in steps[found...] { try db.execute(sql: step) }
        try db.execute(sql: "UPDATE server_catalog SET format = ?, generation = generation + 1", arguments: [format])
    }

    /// Makes a table with its indexes.
    @discardableResult
    static func create(_ table: BkendWire.TableDefinition, now: Timestamp, in db: Database) throws -> Table {
        var collection = try Collection.create(table.name, in: db)
        for index in table.storedIndexes { try collection.createIndex(index, in: db) }
        if table.searchIndex { try collection.enableSearch(in: db) }
        // A table that was dropped left its versions: numbers go on, so that each names one definition for good.
        let last = try Int.fetchOne(
            db, sql: "SELECT max(version) FROM server_table_versions WHERE name = ?", arguments: [table.name])
        let version = (last ?? 0) + 1
        try record(table, version: version, now: now, in: db)
        return Table(table, version: version, collection: collection)
    }

    /// Drops a table with its records and indexes; its versions stay.
    static func drop(_ table: Table, in db: Database) throws {
        try table.collection.drop(in: db)
        try db.execute(sql: "DELETE FROM server_tables WHERE name = ?", arguments: [table.name])
        try db.execute(sql: "DELETE FROM server_dynamic_tables WHERE name = ?", arguments: [table.name])
        try db.execute(sql: "UPDATE server_catalog SET generation = generation + 1")
    }

    /// Puts a changed definition in force: indexes are dropped and built, records stay as they are.
    static func alter(_ table: Table, to definition: BkendWire.TableDefinition, now: Timestamp, in db: Database) throws
    {
        let (old, new) = (table.definition.storedIndexes, definition.storedIndexes)
        var collection = table.collection
        for index in old where !new.contains(index) { try collection.dropIndex(named: index.name, in: db) }
        for index in new where !old.contains(index) { try collection.createIndex(index, in: db) }
        if definition.searchIndex { try collection.enableSearch(in: db) } else { try collection.disableSearch(in: db) }
        try record(definition, version: table.version + 1, now: now, in: db)
    }

    private static func record(_ table: BkendWire.TableDefinition, version: Int, now: Timestamp, in db: Database) throws
    {
        let text = table.json.description
        try db.execute(
            sql: "INSERT OR REPLACE INTO server_tables (name, version, definition) VALUES (?, ?, ?)",
            arguments: [table.name, version, text])
        try db.execute(
            sql: "INSERT INTO server_table_versions (name, version, definition, createdAt) VALUES (?, ?, ?, ?)",
            arguments: [table.name, version, text, now.description])
        try db.execute(sql: "UPDATE server_catalog SET generation = generation + 1")
    }
}

extension BkendWire.TableDefinition {
    /// The indexes that the collection has: the built-in ones (but for `id`, the collection's own key), those of unique
    /// fields and of client keys, and the declared ones.
    var storedIndexes: [IndexDefinition] { impliedIndexes.filter { $0.name != "_id_" } + indexes }

    /// The indexes that the table has without declaring them.
    var impliedIndexes: [IndexDefinition] {
        IndexDefinition.builtIn + uniqueFieldIndexes + (clientKeyIndex.map { [$0] } ?? [])
    }
}
