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
}
