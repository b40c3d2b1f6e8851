#if Server
import GRDB

/// How an environment's database is kept.
struct StoreOptions: Sendable {
    /// The most bytes that the database may grow to, nil for what the disk holds. The write-ahead log comes on top.
    var maximumBytes: Int?
    /// Told how long each write waited for its turn.
    var onWriterWait: (@Sendable (Duration) -> Void)?

    /// Bounds the database by SQLite's own page limit, which belongs to the connection that writes
    /// (https://sqlite.org/pragma.html#pragma_max_page_count). A database that is larger already stays as it is.
    func limitSize(of pool: DatabasePool) throws {
        guard let maximumBytes else { return }
        try pool.writeWithoutTransaction { db in
            let pageSize = try Int.fetchOne(db, sql: "PRAGMA page_size") ?? 4_096
            try db.execute(sql: "PRAGMA max_page_count = \(max(1, maximumBytes / pageSize))")
        }
    }
}
#endif
