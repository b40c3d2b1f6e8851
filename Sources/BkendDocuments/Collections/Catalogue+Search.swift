import BkendWire
import GRDB

extension Catalogue {
    /// What a collection has beside its documents.
    static func state(of number: Int64, generation: Int64, in db: Database) throws -> CollectionState {
        let search: SearchIndex? = try db.run("SELECT search FROM bkend_collections WHERE number = ?") { statement in
            try statement.bind(number)
            guard try statement.step(), statement.int(0) != 0 else { return nil }
            return SearchIndex(collection: number, fields: try searchFields(of: number, in: db))
        }
        return CollectionState(generation: generation, indexes: try indexes(of: number, in: db), search: search)
    }

    private static func searchFields(of number: Int64, in db: Database) throws -> [[UInt8]] {
        try db.run("SELECT name FROM bkend_search_fields WHERE collection = ? ORDER BY number") { statement in
            try statement.bind(number)
            var fields: [[UInt8]] = []
            while try statement.step() { fields.append(Array(statement.bytes(0))) }
            return fields
        }
    }

    /// Gives a field its number in a search index.
    static func addSearchField(_ name: [UInt8], number: Int, of collection: Int64, in db: Database) throws {
        try db.run("INSERT INTO bkend_search_fields (collection, number, name) VALUES (?, ?, ?)") { statement in
            try statement.bind(collection)
            try statement.bind(Int64(number))
            try name.withUnsafeBufferPointer { try statement.bind(text: $0) }
            _ = try statement.step()
        }
        try advance(collection, in: db)
    }

    /// Notes that there is a search index now, or none.
    static func setSearch(_ isOn: Bool, of number: Int64, in db: Database) throws {
        try db.run("UPDATE bkend_collections SET search = ? WHERE number = ?") { statement in
            try statement.bind(isOn ? TextFolding.version : 0)
            try statement.bind(number)
            _ = try statement.step()
        }
        try db.execute(sql: "DELETE FROM bkend_search_fields WHERE collection = ?", arguments: [number])
        try advance(number, in: db)
    }

    /// Drops search indexes whose texts were folded otherwise than now: they would miss documents. Searches scan until
    /// the collection's owner asks for the index again.
    static func dropOutdatedSearch(_ db: Database) throws {
        for number in try outdatedSearch(db) {
            try db.execute(sql: "DROP TABLE \(SearchIndex.table(of: number))")
            try setSearch(false, of: number, in: db)
        }
    }

    /// The collections whose search index is of another folding than now.
    static func outdatedSearch(_ db: Database) throws -> [Int64] {
        try Int64.fetchAll(
            db, sql: "SELECT number FROM bkend_collections WHERE search NOT IN (0, ?)", arguments: [TextFolding.version]
        )
    }
}
