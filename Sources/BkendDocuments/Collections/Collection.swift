import BkendWire
import GRDB

/// A collection of JSON documents: a handle of a name, a number and the indexes.
///
/// The table is `c<number> (row, id, document)`. Every operation takes the `Database` of the caller's transaction, so
/// documents and the caller's own tables change together. A handle may be kept: each operation checks the collection's
/// generation and takes note of indexes that others have made or dropped since.
package struct Collection: Sendable {
    /// The collection's name.
    package let name: String
    /// The collection's number, which no other one gets.
    package let number: Int64
    let table: CollectionTable
    var state: CollectionState
    var limits = PlannerLimits()

    /// Makes a collection.
    ///
    /// - Throws: `CollectionError` when one of that name exists.
    package static func create(_ name: String, in db: Database) throws -> Collection {
        if name.isEmpty { throw CollectionError(collection: name, reason: .invalidName) }
        if try Catalogue.collection(name, in: db) != nil { throw CollectionError(collection: name, reason: .exists) }
        try db.execute(sql: "INSERT INTO bkend_collections (name, generation) VALUES (?, random())", arguments: [name])
        let number = db.lastInsertedRowID
        try db.execute(
            sql: "CREATE TABLE c\(number) (row INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, document TEXT NOT NULL)")
        let generation = try Catalogue.generation(number, in: db) ?? 0
        let state = CollectionState(generation: generation, indexes: [], search: nil)
        return Collection(name: name, number: number, state: state)
    }

    /// The collection of that name, nil when there is none.
    package static func named(_ name: String, in db: Database) throws -> Collection? {
        guard let (number, generation) = try Catalogue.collection(name, in: db) else { return nil }
        return Collection(
            name: name, number: number, state: try Catalogue.state(of: number, generation: generation, in: db))
    }

    /// The names of all collections, in order.
    package static func names(in db: Database) throws -> [String] {
        try String.fetchAll(db, sql: "SELECT name FROM bkend_collections ORDER BY name")
    }

    private init(name: String, number: Int64, state: CollectionState) {
        self.name = name
        self.number = number
        self.state = state
        table = CollectionTable(number)
    }

    /// Drops the collection with its documents and indexes.
    package func drop(in db: Database) throws {
        let state = try current(in: db)
        for index in state.indexes { try db.execute(sql: "DROP TABLE \(index.table)") }
        if let search = state.search { try db.execute(sql: "DROP TABLE \(search.table)") }
        try db.execute(sql: "DROP TABLE c\(number)")
        try db.execute(sql: "DELETE FROM bkend_collections WHERE number = ?", arguments: [number])
    }

    /// The catalogue's generation when this handle last looked: a random number that changes with the indexes.
    package var generation: Int64 { state.generation }

    /// The indexes as this handle last saw them.
    package var indexes: [IndexDefinition] { state.indexes.map(\.definition) }

    /// Whether the catalogue still has this collection under this name: a kept handle outlives a rollback or a drop.
    package func exists(in db: Database) throws -> Bool {
        try db.run("SELECT 1 FROM bkend_collections WHERE number = ? AND name = ?") { statement in
            try statement.bind(number)
            try statement.bind(name)
            return try statement.step()
        }
    }

    /// What the catalogue says now.
    func current(in db: Database) throws -> CollectionState {
        guard let generation = try Catalogue.generation(number, in: db) else {
            throw CollectionError(collection: name, reason: .dropped)
        }
        if generation == state.generation { return state }
        return try Catalogue.state(of: number, generation: generation, in: db)
    }
}

/// What a handle knows of its collection at one generation.
struct CollectionState: Sendable {
    let generation: Int64
    let indexes: [StoredIndex]
    let search: SearchIndex?
}
