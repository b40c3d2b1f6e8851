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
}
