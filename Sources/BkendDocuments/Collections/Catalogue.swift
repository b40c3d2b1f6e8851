import BkendWire
import GRDB

/// Our own tables: which collections and indexes there are. Names live only here, as values; every SQL identifier is
/// made from a number.
enum Catalogue {
    private static let format = 1

    /// Makes the catalogue in a new database, checks its format in an old one.
    static func prepare(_ db: Database, path: String) throws {
        try db.execute(
            sql: """
                CREATE TABLE IF NOT EXISTS bkend_format (version INTEGER NOT NULL);
                CREATE TABLE IF NOT EXISTS bkend_collections (
                    number INTEGER PRIMARY KEY AUTOINCREMENT,
                    name TEXT NOT NULL UNIQUE,
                    generation INTEGER NOT NULL DEFAULT 1,
                    documents INTEGER NOT NULL DEFAULT 0
                );
                CREATE TABLE IF NOT EXISTS bkend_indexes (
                    number INTEGER PRIMARY KEY AUTOINCREMENT,
                    collection INTEGER NOT NULL REFERENCES bkend_collections (number) ON DELETE CASCADE,
                    name TEXT NOT NULL,
                    definition TEXT NOT NULL,
                    multikey INTEGER NOT NULL DEFAULT 0,
                    UNIQUE (collection, name)
                );
                """)
        let version = try Int.fetchOne(db, sql: "SELECT version FROM bkend_format")
        guard let version else {
            return try db.execute(sql: "INSERT INTO bkend_format VALUES (?)", arguments: [format])
        }
        if version > format { throw StorageError(path: path, reason: .newerFormat(version)) }
    }

    /// A collection's number and generation.
    static func collection(_ name: String, in db: Database) throws -> (number: Int64, generation: Int64)? {
        try db.run("SELECT number, generation FROM bkend_collections WHERE name = ?") { statement in
            try statement.bind(name)
            return try statement.step() ? (statement.int(0), statement.int(1)) : nil
        }
    }

    /// The generation of a collection: it moves whenever an index comes, goes or first meets an array.
    static func generation(_ number: Int64, in db: Database) throws -> Int64? {
        try db.run("SELECT generation FROM bkend_collections WHERE number = ?") { statement in
            try statement.bind(number)
            return try statement.step() ? statement.int(0) : nil
        }
    }

    /// Counts documents that came or went. Kept as a number since the total of a whole table is the one most asked for.
    static func count(_ change: Int64, to number: Int64, in db: Database) throws {
        try db.run("UPDATE bkend_collections SET documents = documents + ? WHERE number = ?") { statement in
            try statement.bind(change)
            try statement.bind(number)
            _ = try statement.step()
        }
    }

    static func advance(_ number: Int64, in db: Database) throws {
        try db.run("UPDATE bkend_collections SET generation = generation + 1 WHERE number = ?") { statement in
            try statement.bind(number)
            _ = try statement.step()
        }
    }

    /// A collection's indexes in the order they were made.
    static func indexes(of number: Int64, in db: Database) throws -> [StoredIndex] {
        let sql = "SELECT number, definition, multikey FROM bkend_indexes WHERE collection = ? ORDER BY number"
        return try db.run(sql) { statement in
            try statement.bind(number)
            var indexes: [StoredIndex] = []
            while try statement.step() {
                let definition = try IndexText.definition(statement.text(1))
                indexes.append(
                    StoredIndex(
                        definition, number: statement.int(0), collection: number, isMultikey: statement.int(2) != 0))
            }
            return indexes
        }
    }
}

/// An index's definition as the catalogue keeps it.
enum IndexText {
    static func text(_ definition: IndexDefinition) -> String { JSON.object(definition.json).description }

    static func definition(_ text: String) throws -> IndexDefinition {
        guard let json = try? JSON(parsing: text), let name = json["name"]?.stringValue,
            let fields = json["fields"]?.objectValue
        else { throw DamagedDocument(collection: "bkend_indexes", detail: "an index's definition can't be read") }
        return IndexDefinition(
            name: name,
            fields: fields.map { IndexDefinition.Field($0.key, descending: $0.value.intValue == -1) },
            unique: json["unique"]?.boolValue ?? false, sparse: json["sparse"]?.boolValue ?? false)
    }
}
