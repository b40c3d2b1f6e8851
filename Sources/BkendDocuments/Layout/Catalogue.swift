import BkendWire
import GRDB

/// Our own tables: which collections and indexes there are. Names live only here, as values; every SQL identifier is
/// made from a number.
enum Catalogue {
    /// 2: packed ids in index entries, search indexes.
    static let format = 2

    /// Whether the catalogue is there and as this version writes it, so that `prepare` would change nothing.
    static func isReady(_ db: Database, path: String) throws -> Bool {
        guard try db.tableExists("bkend_format"),
            try Int.fetchOne(db, sql: "SELECT version FROM bkend_format") == format
        else { return false }
        return try outdatedSearch(db).isEmpty
    }

    /// Makes the catalogue in a new database, checks its format in an old one.
    static func prepare(_ db: Database, path: String) throws {
        if try db.tableExists("bkend_format") {
            let version = try Int.fetchOne(db, sql: "SELECT version FROM bkend_format") ?? 0
            if version > format { throw StorageError(path: path, reason: .newerFormat(version)) }
            if version < format { throw StorageError(path: path, reason: .olderFormat(version)) }
            return try dropOutdatedSearch(db)
        }
        try db.execute(
            sql: """
                CREATE TABLE bkend_format (version INTEGER NOT NULL);
                INSERT INTO bkend_format VALUES (\(format));
                CREATE TABLE bkend_collections (
                    number INTEGER PRIMARY KEY AUTOINCREMENT,
                    name TEXT NOT NULL UNIQUE,
                    generation INTEGER NOT NULL,
                    documents INTEGER NOT NULL DEFAULT 0,
                    -- The folding of the search index (TextFolding.version), 0 where there is none.
                    search INTEGER NOT NULL DEFAULT 0
                );
                CREATE TABLE bkend_indexes (
                    number INTEGER PRIMARY KEY AUTOINCREMENT,
                    collection INTEGER NOT NULL REFERENCES bkend_collections (number) ON DELETE CASCADE,
                    name TEXT NOT NULL,
                    definition TEXT NOT NULL,
                    multikey INTEGER NOT NULL DEFAULT 0,
                    UNIQUE (collection, name)
                );
                CREATE TABLE bkend_search_fields (
                    collection INTEGER NOT NULL REFERENCES bkend_collections (number) ON DELETE CASCADE,
                    number INTEGER NOT NULL,
                    name TEXT NOT NULL,
                    PRIMARY KEY (collection, number)
                ) WITHOUT ROWID;
                """)
    }

    /// A collection's number and generation.
    static func collection(_ name: String, in db: Database) throws -> (number: Int64, generation: Int64)? {
        try db.run("SELECT number, generation FROM bkend_collections WHERE name = ?") { statement in
            try statement.bind(name)
            return try statement.step() ? (statement.int(0), statement.int(1)) : nil
        }
    }

    /// The generation of a collection: it changes whenever an index comes, goes or first meets an array. A random number,
    /// so that none comes twice, not even after a transaction that was rolled back.
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
        try db.run("UPDATE bkend_collections SET generation = random() WHERE number = ?") { statement in
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
                let bits = statement.int(2)
                indexes.append(
                    StoredIndex(
                        definition, number: statement.int(0), collection: number,
                        isMultikey: bits & StoredIndex.multikeyBit != 0,
                        isBuilding: bits & StoredIndex.buildingBit != 0))
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
