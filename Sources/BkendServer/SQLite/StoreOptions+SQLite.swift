import BkendDocuments
import GRDB

extension StoreOptions {
    /// Bounds the database by SQLite's own page limit, which belongs to the connection that writes
    /// (https://sqlite.org/pragma.html#pragma_max_page_count); a database that is larger already stays as it is. And has
    /// the log's file shrink below its bound whenever the log is begun anew.
    func limitSize(of pool: DatabasePool) throws {
        try pool.writeWithoutTransaction { db in
            try db.execute(sql: "PRAGMA journal_size_limit = \(min(StorageOptions.logKept, logBound))")
            guard let maximumBytes else { return }
            let pageSize = try Int.fetchOne(db, sql: "PRAGMA page_size") ?? 4_096
            try db.execute(sql: "PRAGMA max_page_count = \(max(1, (maximumBytes - logReserve) / pageSize))")
        }
    }

    /// Whether there is room for changes of so many bytes in the log of changes, where the database's size is limited.
    func hasRoom(forLogging bytes: Int, in db: Database) throws -> Bool {
        guard maximumBytes != nil else { return true }
        let pageSize = try Int.fetchOne(db, sql: "PRAGMA page_size") ?? 4_096
        let used = try Int.fetchOne(db, sql: "PRAGMA page_count") ?? 0
        let free = try Int.fetchOne(db, sql: "PRAGMA freelist_count") ?? 0
        let most = try Int.fetchOne(db, sql: "PRAGMA max_page_count") ?? .max
        // What is left over in pages, and pages that split.
        return most - used + free > 2 * bytes / pageSize + 32
    }

    /// How long the writer waits for reads of a moment when it begins the log anew.
    static let logPatience = Duration.milliseconds(100)

    /// Sees to it that the database and its log stay within the limit on their size, as far as one transaction doesn't
    /// pass it. Called with the lock held, before each transaction.
    ///
    /// - Throws: `DatabaseSizeReached` when reads hold the log that fills it.
    func makeRoomForLog(_ db: Database, path: String) throws {
        guard let maximumBytes else { return }
        let log = DocumentStorage.logBytes(ofDatabase: path)
        guard log > logReserve else { return }
        let pages = try Int.fetchOne(db, sql: "PRAGMA page_count") ?? 0
        let pageSize = try Int.fetchOne(db, sql: "PRAGMA page_size") ?? 4_096
        guard log > max(logReserve, maximumBytes - pages * pageSize) else { return }
        guard try db.beginLogAnew(patience: Self.logPatience) else {
            throw DatabaseSizeReached(maximumBytes: maximumBytes)
        }
    }
}
