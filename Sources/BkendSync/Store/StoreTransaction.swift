import BkendDocuments
import BkendWire
import GRDB

/// One durable transaction: all that changes the store goes through it.
///
/// The invariant that its operations keep for every record: visible = base + live entries replayed in order. Whatever
/// touches a base or an entry brings the visible document along; at the end the change log gets one row for each record
/// whose document or sync state is another than before.
package final class StoreTransaction: StoreSnapshot {
    let environment: StoreEnvironment
    /// How many rows the change log keeps.
    let changeLimit: Int
    /// What `ChangePart` has noted.
    var touched = TouchedRecords()
    var touchesOutbox = false
    /// Records that may have lost what held them here.
    var candidates: [RecordKey] = []
    /// Names of bytes that no row names any more once this is committed.
    var releasedBytes: [String] = []
    /// Where files' bytes are, nil in memory.
    var room: FileRoom?
    /// Keeps sweeps away from bytes that have got their name in this transaction, until their row is there for all to see.
    var sweepHold: SweepHold?
    /// Whether it was looked that the store isn't on its way into another.
    private var isKnownToStay = false
    /// What ended an operation in its middle: the transaction can't be kept any more.
    private var failure: (any Error)?

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

    /// Runs an operation that must not be kept in part. One that is refused before it changed anything leaves the
    /// transaction as it is. After one that failed later nothing more is done, and `finish` throws what it threw,
    /// whether its caller caught that or not.
    package func whole<Result>(_ operation: () throws -> Result) throws -> Result {
        try requireSound()
        if !isKnownToStay {
            if try moving != nil { throw StoreError(.beingTakenOver) }
            isKnownToStay = true
        }
        let changes = db.totalChangesCount
        do { return try operation() } catch {
            if failure == nil, db.totalChangesCount != changes || !db.isInsideTransaction { failure = error }
            throw error
        }
    }

    /// SQLite ends a transaction by itself after some errors (https://sqlite.org/lang_transaction.html, "Response To
    /// Errors Within A Transaction"); what is written after that would be kept at once, statement by statement.
    ///
    /// - Throws: what an operation threw that failed in its middle.
    func requireSound() throws {
        if let failure { throw failure }
        if !db.isInsideTransaction {
            throw StoreError(.storage("SQLite rolled back the transaction; nothing was stored"))
        }
    }
}
