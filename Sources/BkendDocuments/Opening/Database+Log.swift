import CSQLite
import Foundation
import GRDB

extension Database {
    /// Moves everything from the write-ahead log into the database, so that the next write begins the log anew and its
    /// file shrinks to `StorageOptions.logKept`. The usual checkpoint after a commit can't while any read is in the log:
    /// reads that overlap without end let it grow without end.
    ///
    /// For the connection that writes, outside of a transaction, under the lock between processes (see
    /// `DocumentStorage`). It is no truncation: an empty log would have to be written at the next opening, which a full
    /// disk doesn't allow.
    ///
    /// - Parameters:
    ///   - patience: how long to wait for the reads that are in the log now; no other write can begin meanwhile.
    ///   - usualPatience: the busy time-out of this connection, set again afterwards.
    /// - Returns: whether all was moved and no read is in the log.
    package func beginLogAnew(patience: Duration, usualPatience: Duration = StorageOptions().busyTimeout) throws -> Bool
    {
        sqlite3_busy_timeout(sqliteConnection, Int32(patience / .milliseconds(1)))
        defer { sqlite3_busy_timeout(sqliteConnection, Int32(usualPatience / .milliseconds(1))) }
        do {
            let moved = try checkpoint(.restart)
            return moved.walFrameCount == moved.checkpointedFrameCount
        } catch let error as DatabaseError where error.resultCode == .SQLITE_BUSY {
            return false
        }
    }
}

extension DocumentStorage {
    /// The size of a database's write-ahead log in bytes; 0 where there is none.
    package static func logBytes(ofDatabase path: String) -> Int {
        var status = stat()
        return stat(path + "-wal", &status) == 0 ? Int(status.st_size) : 0
    }
}
