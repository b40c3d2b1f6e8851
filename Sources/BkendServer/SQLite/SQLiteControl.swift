import BkendDocuments
import BkendStorage
import BkendWire
import CSQLite
import GRDB

/// The control data of a folder in a SQLite database.
final class SQLiteControl: ControlDatabase {
    let pool: DatabasePool
    private let lock: FileLock
    private let stamp: ChangeStamp

    static let format = DatabaseFormat(steps: [
        """
        CREATE TABLE projects (
            id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, createdAt TEXT NOT NULL) STRICT;
        CREATE TABLE environments (
            id INTEGER PRIMARY KEY, project INTEGER NOT NULL REFERENCES projects (id), name TEXT NOT NULL,
            createdAt TEXT NOT NULL, UNIQUE (project, name)) STRICT;
        CREATE TABLE keys (
            id INTEGER PRIMARY KEY, environment INTEGER NOT NULL REFERENCES environments (id),
            kind TEXT NOT NULL CHECK (kind IN ('publishable', 'secret')), digest BLOB NOT NULL UNIQUE,
            readable TEXT, scopes TEXT, createdAt TEXT NOT NULL, expiresAt TEXT, revokedAt TEXT,
            CHECK (kind = 'publishable' OR readable IS NULL)) STRICT;
        """,
        "ALTER TABLE keys ADD COLUMN name TEXT;",
        // Whether it has files that were imported, whose keys may have any tag.
        "ALTER TABLE environments ADD COLUMN hasImportedFiles INTEGER NOT NULL DEFAULT 0;",
    ])

    /// Opens the database; one of an older format is migrated.
    ///
    /// - Throws: `OperatorError` when it isn't ours, or of a newer format.
    init(at path: String) throws {
        let lock = FileLock(database: path)
        self.lock = lock
        do {
            pool = try lock.withLock {
                let pool = try DatabasePool(path: path, configuration: Self.configuration)
                try pool.writeWithoutTransaction { try Self.bringUpToDate($0, path: path) }
                return pool
            }
        } catch let error as DatabaseError {
            throw OperatorError(
                "\(path) can't be opened: \(error.message ?? "SQLite error \(error.resultCode)")", .storage)
        }
        stamp = try ChangeStamp(path: path)
    }

    /// Makes the database of a new folder, with what `body` writes into it.
    static func create<Result>(at path: String, _ body: (any SQLTransaction) throws -> Result) throws -> Result {
        try PrivateFile.make(path)
        return try StorageFailure.mapping {
            let queue = try DatabaseQueue(path: path, configuration: configuration)
            defer { try? queue.close() }
            return try queue.write { db in
                try format.migrate(db, path: path)
                return try body(SQLiteSession(db, clock: { .systemNow }))
            }
        }
    }

    private static func bringUpToDate(_ db: Database, path: String) throws {
        // GRDB sets NORMAL when it turns on the write-ahead log.
        try db.execute(sql: "PRAGMA synchronous = FULL")
        switch try format.version(of: db, path: path) {
        case 0:
            throw OperatorError(
                "\(path) is empty; restore it from a backup, or make a new folder with: bkend-server init", .data)
        case format.version: break
        default:
            try db.inTransaction(.immediate) {
                try format.migrate(db, path: path)
                return .commit
            }
        }
    }

    private static var configuration: Configuration {
        var configuration = Configuration()
        configuration.busyMode = .timeout(10)
        configuration.maximumReaderCount = 2
        configuration.label = "control"
        configuration.prepareDatabase { db in
            // A checkpoint on closing would run outside the lock.
            var now: Int32 = 0
            _ = bkend_db_config(db.sqliteConnection, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, &now)
        }
        return configuration
    }

    func read<Result: Sendable>(_ body: @Sendable (any SQLSession) throws -> Result) async throws -> Result {
        try readNow(body)
    }

    func changeStamp() async -> Int64? { stamp.current().map(Int64.init) }

    func readNow<Result>(_ body: (any SQLSession) throws -> Result) throws -> Result {
        try StorageFailure.mapping { try pool.read { db in try body(SQLiteSession(db, clock: { .systemNow })) } }
    }

    func writeNow<Result>(_ body: (any SQLTransaction) throws -> Result) throws -> Result {
        try StorageFailure.mapping {
            try pool.writeWithoutTransaction { db in
                try lock.withLock {
                    var outcome: Swift.Result<Result, any Error> = .failure(CancellationError())
                    try db.inTransaction(.immediate) {
                        outcome = .success(try body(SQLiteSession(db, clock: { .systemNow })))
                        return .commit
                    }
                    return try outcome.get()
                }
            }
        }
    }

    func close() throws { try pool.close() }
}
