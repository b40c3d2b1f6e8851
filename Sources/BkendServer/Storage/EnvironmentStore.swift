import BkendAccounts
import BkendDocuments
import BkendWire
import Foundation
import GRDB
import Synchronization

/// The tables and records of one environment: its database, and what is kept in memory of it.
package final class EnvironmentStore: Sendable {
    /// The database's path.
    let path: String
    /// Whose environment it is; nil in a command, which is alone with it.
    let name: EnvironmentName?
    let pool: DatabasePool
    let options: StoreOptions
    let lock: FileLock
    let quickReaders: QuickReaders
    private let writes: FairLine
    let logWork = Mutex(LogWork())
    let cache = TableCache()
    private let ids: Mutex<ObjectIDGenerator>

    /// Opens the database at a path, making it when it isn't there.
    init(path: String, name: EnvironmentName? = nil, options: StoreOptions = StoreOptions()) throws {
        self.path = path
        self.name = name
        self.options = options
        writes = FairLine(
            options.writes, waitingFor: "writes", report: options.reportWrites)
        let lock = FileLock(database: path)
        self.lock = lock
        pool = try lock.withLock {
            var storage = StorageOptions()
            storage.readers = options.slowReads.places
            let pool = try DocumentStorage.open(path: path, options: storage)
            try options.limitSize(of: pool)
            try pool.write { db in try TableStore.prepare(db, path: path) }
            return pool
        }
        quickReaders = try QuickReaders(path: path)
        var random = SystemRandomNumberGenerator()
        ids = Mutex(ObjectIDGenerator(using: &random))
    }

    /// How many tables there are; nil when the database doesn't answer.
    var tableCount: Int? { try? readNow { _, catalog in try catalog.count } }

    /// How many of them `serve --dynamic` has made; nil when the database doesn't answer.
    var dynamicTableCount: Int? { try? readNow { db, _ in try DynamicTable.count(in: db) } }

    /// A new record's id.
    func newID(at now: Timestamp) -> String { ids.withLock { $0.next(at: now) } }

    /// The share of the queues that the present requester has in this environment.
    var share: QueueShare {
        var share = Requester.current.share
        if let name { (share.project, share.environment) = (name.project, name.environment) }
        return share
    }

    /// Writes in one transaction; when this returns, the change is on disk. A write whose client goes before its turn is
    /// not made; one that has begun is.
    ///
    /// Whoever stamps what it writes reads the clock inside `body`. Waiting for the writer may take seconds, and a stamp
    /// from before lies behind what others have read by then: `updatedAt` would hide the change from whoever asks for
    /// what is newer.
    ///
    /// - Throws: `QueueRefused`, `ClientGone`, `DatabaseSizeReached`; what `body` throws.
    func write<Result: Sendable>(
        _ body: @escaping @Sendable (Database, TableCatalog) throws -> Result
    ) async throws -> Result {
        let asked = ContinuousClock.now
        let result = try await writes.pass(share, departure: Requester.current.departure()) {
            try await pool.writeWithoutTransaction { db in
                try self.transaction(db) { db, catalog in
                    self.options.onWriterWait?(asked.duration(to: .now))
                    return try body(db, catalog)
                }
            }
        }
        tendLog()
        return result
    }

    /// `write` for commands, which have nothing else to do meanwhile.
    func writeNow<Result: Sendable>(_ body: (Database, TableCatalog) throws -> Result) throws -> Result {
        try pool.writeWithoutTransaction { db in
            let result = try transaction(db, body)
            tendLogNow(db)
            return result
        }
    }

    private func transaction<Result>(
        _ db: Database, _ body: (Database, TableCatalog) throws -> Result
    ) throws -> Result {
        try lock.withLock {
            try makeRoomForLog(db)
            var outcome: Swift.Result<Result, any Error> = .failure(CancellationError())
            let catalog = TableCatalog(in: db, cache: cache, isWriting: true)
            try db.inTransaction(.immediate) {
                outcome = .success(try body(db, catalog))
                return .commit
            }
            catalog.publish()
            return try outcome.get()
        }
    }
}
