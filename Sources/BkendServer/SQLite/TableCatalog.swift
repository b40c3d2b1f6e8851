import BkendDocuments
import BkendWire
import GRDB

/// The tables of an environment's database, as a transaction finds them when it begins.
///
/// Each table is looked up by its name when it is asked for, so that a request costs the same however many there are.
/// What a definition means is worked out once and kept in the cache; one row tells whether it still counts.
struct TableCatalog {
    /// What tells a table at one moment from itself at another one.
    struct Identity: Equatable, Sendable {
        let version: Int
        let collection: Int64
        /// The collection's: it moves with its indexes, and none comes twice, not even after a rollback.
        let generation: Int64

        init(version: Int, collection: Int64, generation: Int64) {
            self.version = version
            self.collection = collection
            self.generation = generation
        }

        /// The identity of a table that was read before.
        init(_ table: Table) {
            let collection = table.sqlite.collection
            self.init(version: table.version, collection: collection.number, generation: collection.generation)
        }
    }

    /// The tables that were looked up in one snapshot.
    final class Seen {
        fileprivate(set) var tables: [ExactString: Table] = [:]
    }

    private let db: Database
    private let cache: TableCache
    private let seen: Seen
    private let publishes: Bool

    /// The tables that a connection sees.
    ///
    /// - Parameters:
    ///   - seen: the tables that were looked up in this snapshot before.
    ///   - isWriting: whether what is read may be rolled back. Then it goes into the cache only when that is done.
    init(in db: Database, cache: TableCache, seen: Seen = Seen(), isWriting: Bool = false) {
        self.db = db
        self.cache = cache
        self.seen = seen
        publishes = !isWriting
    }

    /// The table of that name, nil when there is none.
    subscript(name: String) -> Table? {
        get throws {
            let key = ExactString(name)
            if let table = seen.tables[key] { return table }
            guard let identity = try Self.identity(of: name, in: db) else {
                cache.forget(key)
                return nil
            }
            let table: Table
            if let known = cache.table(key), Identity(known) == identity {
                table = known
            } else {
                guard let read = try Self.read(name, in: db) else { return nil }
                table = read
                if publishes { cache.keep(table) }
            }
            seen.tables[key] = table
            return table
        }
    }

    /// All tables, by name.
    var all: [Table] {
        get throws {
            try String.fetchAll(db, sql: "SELECT name FROM server_tables ORDER BY name").compactMap { try self[$0] }
        }
    }

    /// How many tables there are.
    var count: Int { get throws { try Int.fetchOne(db, sql: "SELECT count(*) FROM server_tables") ?? 0 } }

    /// The tables that were looked up. Those of a write go into the cache once it is committed.
    var looked: [Table] { Array(seen.tables.values) }

    /// What the database has under a name.
    ///
    /// - Throws: `DatabaseError`.
    private static func identity(of name: String, in db: Database) throws -> Identity? {
        let sql = """
            SELECT t.version, c.number, c.generation FROM server_tables t JOIN bkend_collections c ON c.name = t.name
            WHERE t.name = ?
            """
        return try db.run(sql) { statement in
            try statement.bind(name)
            guard try statement.step() else { return nil }
            return Identity(
                version: Int(statement.int(0)), collection: statement.int(1), generation: statement.int(2))
        }
    }

    private static func read(_ name: String, in db: Database) throws -> Table? {
        let row = try Row.fetchOne(
            db.cachedStatement(sql: "SELECT version, definition FROM server_tables WHERE name = ?"), arguments: [name])
        guard let row, let collection = try Collection.named(name, in: db) else { return nil }
        let definition = try BkendWire.TableDefinition(JSON(parsing: row["definition"] as String))
        return Table(definition, version: row["version"], place: SQLitePlace(collection))
    }
}
