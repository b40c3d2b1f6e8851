import CSQLite
import Synchronization

/// Tells cheaply whether anyone, in any process, has committed to a database since the last look.
///
/// SQLite's `PRAGMA data_version` changes on a connection when another one has committed. The connection is our own and
/// never writes; a look costs a microsecond, so it can be taken on every request.
final class ChangeStamp: Sendable {
    private struct Connection {
        var database: OpaquePointer
        var statement: OpaquePointer
    }
    // The pointers are used only with the mutex held.
    private let connection: Mutex<Connection>

    /// A stamp of the database at a path, which must exist.
    init(path: String) throws {
        var database: OpaquePointer?
        var statement: OpaquePointer?
        let flags = SQLITE_OPEN_READONLY | SQLITE_OPEN_NOMUTEX
        guard sqlite3_open_v2(path, &database, flags, nil) == SQLITE_OK, let database,
            sqlite3_prepare_v3(
                database, "PRAGMA data_version", -1, UInt32(SQLITE_PREPARE_PERSISTENT), &statement, nil) == SQLITE_OK,
            let statement
        else {
            sqlite3_close_v2(database)
            throw OperatorError("\(path) can't be opened", .storage)
        }
        sqlite3_busy_timeout(database, 10_000)
        connection = Mutex(Connection(database: database, statement: statement))
    }

    deinit {
        connection.withLock {
            sqlite3_finalize($0.statement)
            sqlite3_close_v2($0.database)
        }
    }

    /// The stamp now; nil when it can't be told, which must count as a change.
    func current() -> Int32? {
        connection.withLock { connection in
            defer { sqlite3_reset(connection.statement) }
            return sqlite3_step(connection.statement) == SQLITE_ROW ? sqlite3_column_int(connection.statement, 0) : nil
        }
    }
}
