import CSQLite
import Foundation
import GRDB

/// Opens databases that hold collections, with every setting that durability and hostile files ask for.
///
/// **One writer.** SQLite 3.7.0–3.51.2 (Debian's included) can corrupt a WAL database when two connections write or
/// checkpoint at the same moment (the "WAL-reset bug"). A pool has one writing connection, and only that connection
/// checkpoints; its readers never do. Between processes the caller holds a file lock over opening, writing and
/// checkpointing. Don't open a second pool on one path in a process.
package enum DocumentStorage {
    /// Opens or creates the database at a path: files of mode 0600, write-ahead log, every commit synced. Where nothing
    /// must change nothing is written, so that a full disk keeps nobody from reading.
    ///
    /// - Throws: `StorageError` for a file that is not ours or not a plain file, `DatabaseError` for SQLite's own.
    package static func open(path: String, options: StorageOptions = StorageOptions()) throws -> DatabasePool {
        if options.vfs == nil, options.preparesFile { try DatabaseFile.prepare(path) }
        var configuration = configuration(path: path, options)
        configuration.maximumReaderCount = options.readers
        let pool = try DatabasePool(path: location(path, options), configuration: configuration)
        try pool.writeWithoutTransaction { db in
            // GRDB sets NORMAL when it turns on the write-ahead log, after `prepareDatabase` has run.
            try db.execute(sql: "PRAGMA synchronous = FULL")
            guard try Int.fetchOne(db, sql: "PRAGMA synchronous") == 2 else {
                throw StorageError(path: path, reason: .settingRefused("synchronous"))
            }
            try db.execute(sql: "PRAGMA journal_size_limit = \(StorageOptions.logKept)")
            if try isMarked(db, options), try Catalogue.isReady(db, path: path) { return }
            try db.inTransaction(.immediate) {
                // Setting it writes, whatever it was before.
                if try !isMarked(db, options) {
                    try db.execute(sql: "PRAGMA application_id = \(options.applicationID)")
                }
                try Catalogue.prepare(db, path: path)
                return .commit
            }
        }
        return pool
    }

    /// The format of collections that this version writes.
    package static var format: Int { Catalogue.format }

    /// A database in memory, with the same settings; for tests and throw-away caches.
    package static func inMemory() throws -> DatabaseQueue {
        let queue = try DatabaseQueue(configuration: configuration(path: ":memory:", StorageOptions()))
        try queue.write { try Catalogue.prepare($0, path: ":memory:") }
        return queue
    }

    /// What SQLite is told to open: the path, or a URI that names the file system as well.
    static func location(_ path: String, _ options: StorageOptions) throws -> String {
        guard let vfs = options.vfs else { return path }
        // A library built without URIs would make a file of the URI's text.
        guard sqlite3_compileoption_used("USE_URI") == 1,
            let path = path.addingPercentEncoding(withAllowedCharacters: .alphanumerics.union(["/", ".", "-"])),
            let vfs = vfs.addingPercentEncoding(withAllowedCharacters: .alphanumerics.union(["-"]))
        else { throw StorageError(path: path, reason: .settingRefused("vfs")) }
        return "file:\(path)?vfs=\(vfs)"
    }

    static func configuration(path: String, _ options: StorageOptions) -> Configuration {
        var configuration = Configuration()
        configuration.foreignKeysEnabled = true
        let wait = max(options.busyTimeout, .seconds(5))
        configuration.busyMode = .timeout(wait / .seconds(1))
        configuration.prepareDatabase { db in try prepare(db, path: path, options: options) }
        return configuration
    }

    private static func prepare(_ db: Database, path: String, options: StorageOptions) throws {
        let connection = db.sqliteConnection
        func set(_ setting: Int32, _ value: Bool, _ name: String) throws {
            var now: Int32 = -1
            let code = bkend_db_config(connection, setting, value ? 1 : 0, &now)
            guard code == SQLITE_OK, now == (value ? 1 : 0) else {
                throw StorageError(path: path, reason: .settingRefused(name))
            }
        }
        try set(SQLITE_DBCONFIG_DEFENSIVE, true, "defensive")
        try set(SQLITE_DBCONFIG_TRUSTED_SCHEMA, false, "trusted_schema")
        try set(SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, !options.checkpointsOnClose, "no_ckpt_on_close")
        try db.execute(
            sql: """
                PRAGMA cell_size_check = ON;
                PRAGMA mmap_size = 0;
                PRAGMA cache_size = -\(max(1, options.cacheSize));
                """)
        try checkOwner(db, path: path, options: options)
        try DocumentFunctions.register(on: connection)
    }

    /// Runs before anything is written: a foreign file stays as it is.
    private static func checkOwner(_ db: Database, path: String, options: StorageOptions) throws {
        if try isMarked(db, options) { return }
        let mark = try Int32.fetchOne(db, sql: "PRAGMA application_id") ?? 0
        let objects = try Int.fetchOne(db, sql: "SELECT count(*) FROM sqlite_schema") ?? 0
        if mark != 0 || objects > 0 { throw StorageError(path: path, reason: .foreign(applicationID: mark)) }
    }

    private static func isMarked(_ db: Database, _ options: StorageOptions) throws -> Bool {
        try Int32.fetchOne(db, sql: "PRAGMA application_id") == options.applicationID
    }
}
