import BkendDocuments
import CSQLite
import GRDB

/// A connection for short reads on the caller's thread, each over one snapshot. What every read needs is prepared once:
/// its transaction, and a look at whether anyone has committed since the last one.
final class QuickReader: @unchecked Sendable {  // What changes is used only inside the serial queue of `queue`.
    private let queue: DatabaseQueue
    private let begin: OpaquePointer
    private let version: OpaquePointer
    private let commit: OpaquePointer
    private var known: (version: Int32, seen: TableCatalog.Seen)?

    /// A connection to the database at a path, which is open for writing already.
    init(path: String) throws {
        let queue = try DocumentStorage.openReader(path: path)
        self.queue = queue
        // Prepared in one go, so that a failure leaves none behind.
        let statements = try queue.unsafeRead { db in
            try ["BEGIN", "PRAGMA data_version", "COMMIT"].map { sql in
                guard let statement = Self.prepared(sql, in: db) else { throw DatabaseError(resultCode: .SQLITE_NOMEM) }
                return statement
            }
        }
        (begin, version, commit) = (statements[0], statements[1], statements[2])
    }

    deinit {
        // Before the connection closes, which it would refuse to do.
        for statement in [begin, version, commit] { sqlite3_finalize(statement) }
    }

    /// Runs `body` on this thread, in one snapshot, with the tables that were looked up since anyone has committed.
    func read<Result>(_ body: (Database, TableCatalog.Seen) throws -> Result) throws -> Result {
        try queue.unsafeRead { db in
            try step(begin, db)
            do {
                let result = try body(db, seen())
                try step(commit, db)
                return result
            } catch {
                // Some failures have ended the transaction already.
                if db.isInsideTransaction { try db.rollback() }
                throw error
            }
        }
    }

    private func seen() -> TableCatalog.Seen {
        let seen = TableCatalog.Seen()
        // The pragma opens the snapshot, and the number moves with every commit of any other connection.
        guard sqlite3_step(version) == SQLITE_ROW else {
            sqlite3_reset(version)
            return seen
        }
        let now = sqlite3_column_int(version, 0)
        sqlite3_reset(version)
        if let known, known.version == now { return known.seen }
        known = (now, seen)
        return seen
    }

    private func step(_ statement: OpaquePointer, _ db: Database) throws {
        let code = sqlite3_step(statement)
        sqlite3_reset(statement)
        guard code == SQLITE_DONE else {
            let message = String(cString: sqlite3_errmsg(db.sqliteConnection))
            throw DatabaseError(resultCode: ResultCode(rawValue: code), message: message)
        }
    }

    private static func prepared(_ sql: String, in db: Database) -> OpaquePointer? {
        var statement: OpaquePointer?
        let flags = UInt32(SQLITE_PREPARE_PERSISTENT)
        guard sqlite3_prepare_v3(db.sqliteConnection, sql, -1, flags, &statement, nil) == SQLITE_OK else { return nil }
        return statement
    }
}
