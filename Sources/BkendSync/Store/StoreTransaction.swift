import BkendDocuments
import BkendWire
import GRDB

/// One durable transaction: all that changes the store goes through it.
///
/// The invariant it keeps for every record: visible = base + live entries replayed in order. Every method that touches
/// a base or an entry brings the visible document along; at the end the change log gets one row for each record whose
/// document or sync state is another than before.
package final class StoreTransaction: StoreSnapshot {
    let environment: StoreEnvironment
    private let changeLimit: Int
    /// The records touched, in order, and where each stands in it.
    var touched: [TouchedRecord] = []
    var positions: [RecordKey: Int] = [:]
    var touchesOutbox = false
    /// Records that may have lost what held them here.
    var candidates: [RecordKey] = []

    init(
        _ db: Database, collections: [ExactString: Collection], environment: StoreEnvironment, changeLimit: Int
    ) throws {
        self.environment = environment
        self.changeLimit = changeLimit
        super.init(db, collections: collections)
    }

    /// Keeps a value under a name, nil to remove it.
    package func setMeta(_ key: String, _ value: String?) throws {
        guard let value else { return try db.perform("DELETE FROM sync_meta WHERE key = ?", .text(key)) }
        try db.perform("INSERT OR REPLACE INTO sync_meta (key, value) VALUES (?, ?)", .text(key), .text(value))
    }

    /// Counts a number of the meta table up; the new value.
    func advance(_ key: String) throws -> Int64 {
        try db.perform("UPDATE sync_meta SET value = CAST(value AS INTEGER) + 1 WHERE key = ?", .text(key))
        return try db.number("SELECT CAST(value AS INTEGER) FROM sync_meta WHERE key = ?", .text(key))
    }

    /// - Throws: `StoreError.Reason.notLeader` unless that epoch is the newest.
    package func requireLeader(_ epoch: Int64) throws {
        let current = try self.epoch
        if current != epoch { throw StoreError(.notLeader(epoch: current)) }
    }

    /// The collection of a table, made on first use.
    func collectionForWriting(_ table: String) throws -> Collection {
        if let collection = try collection(table) { return collection }
        if let flaw = TableName.flaw(in: table) { throw StoreError(.invalidTable(flaw), table: table) }
        var made = try Collection.create(table, in: db)
        for index in IndexDefinition.builtIn where index.name != "_id_" { try made.createIndex(index, in: db) }
        remember(made)
        return made
    }

    /// Drops what nothing holds and writes the change log; called once, before the commit.
    func finish() throws {
        try dropUnheld()
        try logChanges(keeping: changeLimit)
        if touchesOutbox { _ = try advance("outbox") }
    }
}
