import BkendWire
import GRDB

extension Catalogue {
    /// The name of a collection's search index.
    static func searchTable(of collection: Int64) -> String { "c\(collection)_s" }

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
            try db.execute(sql: "DROP TABLE \(searchTable(of: number))")
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
