#if Server
import BkendDocuments
import BkendWire
import GRDB

/// A table as requests use it: its definition, and what is derived from it once.
struct Table: Sendable {
    let definition: BkendWire.TableDefinition
    /// The schema's version, from 1.
    let version: Int
    let typing: QueryTyping
    let collection: Collection

    var name: String { definition.name }
}

/// The tables of an environment at one moment. The generation tells cheaply whether it is still that moment: every
/// change of a table, in whatever process, moves it in the same transaction.
struct TableCatalog: Sendable {
    let generation: Int64
    private let tables: [ExactString: Table]

    /// The table of that name, nil when there is none.
    subscript(name: String) -> Table? { tables[ExactString(name)] }

    /// All tables, by name.
    var all: [Table] { tables.values.sorted { $0.name.precedesInBytes($1.name) } }

    /// How many tables there are.
    var count: Int { tables.count }

    /// The generation that a database is at. It moves with the collections' own, so that a kept handle never stays
    /// behind its indexes.
    static func generation(in db: Database) throws -> Int64 {
        // Collections' generations are random 64-bit numbers, whose sum SQLite would refuse; 40 bits of each tell a change.
        let statement = try db.cachedStatement(
            sql: """
                SELECT generation + (SELECT coalesce(sum(generation & 0xFFFFFFFFFF), 0) FROM bkend_collections)
                FROM server_catalog
                """)
        return try Int64.fetchOne(statement) ?? 0
    }

    /// The tables that a database has.
    init(in db: Database) throws {
        generation = try Self.generation(in: db)
        var tables: [ExactString: Table] = [:]
        for row in try Row.fetchAll(db, sql: "SELECT name, version, definition FROM server_tables") {
            let name: String = row["name"]
            let definition = try BkendWire.TableDefinition(JSON(parsing: row["definition"] as String))
            guard let collection = try Collection.named(name, in: db) else { continue }
            tables[ExactString(name)] = Table(
                definition: definition, version: row["version"], typing: QueryTyping(schema: definition.schema),
                collection: collection)
        }
        self.tables = tables
    }
}
#endif
