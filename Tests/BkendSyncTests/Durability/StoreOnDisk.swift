import BkendDocuments
import BkendWire
import FaultDisk
import GRDB
import Synchronization

@testable import BkendSync

extension FaultDisk {
    /// Runs `body` over the disk's store, opened as the product opens it, and closes it.
    ///
    /// - Parameter migrations: the steps from one format to the next.
    func withStore<Result>(
        migrations: [String] = StoreSchema.migrations, _ body: (StoreDatabase) throws -> Result
    ) throws -> Result {
        var options = StorageOptions()
        options.vfs = name
        let pool = try DocumentStorage.open(path: "/store.sqlite", options: options)
        let result: Result
        do {
            result = try body(
                try StoreDatabase(
                    over: pool, lock: nil, file: nil, environment: .still, changeLimit: 40, migrations: migrations))
        } catch {
            try? pool.close()
            throw error
        }
        try pool.close()
        return result
    }
}

extension StoreEnvironment {
    /// A clock that stands still and dice that always fall the same: two runs give the same rows. Local ids differ by
    /// their counter.
    static let still = StoreEnvironment(
        now: { Timestamp(clamping: 1_700_000_000_000) }, random: { 0x0123_4567_89AB_CDEF })
}

extension StoreDatabase {
    /// Lets the log grow to a few pages only, so that a short run goes through many checkpoints.
    func checkpointOften() throws {
        try writer.writeWithoutTransaction { db in try db.execute(sql: "PRAGMA wal_autocheckpoint = 12") }
    }
}
