import BkendDocuments
import FaultDisk
import GRDB

extension FaultDisk {
    /// Runs `body` over the disk's database, opened as the product opens it, and closes it.
    func withDatabase<Result>(_ body: (DatabasePool) throws -> Result) throws -> Result {
        var options = StorageOptions()
        options.vfs = name
        let pool = try DocumentStorage.open(path: "/documents.sqlite", options: options)
        let result: Result
        do {
            result = try body(pool)
        } catch {
            try? pool.close()
            throw error
        }
        try pool.close()
        return result
    }
}

extension DatabasePool {
    /// Lets the log grow to a few pages only, so that a short run goes through many checkpoints.
    func checkpointOften() throws {
        try writeWithoutTransaction { db in try db.execute(sql: "PRAGMA wal_autocheckpoint = 12") }
    }
}
