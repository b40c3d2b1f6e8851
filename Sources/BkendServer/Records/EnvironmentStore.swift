#if Server
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
    private let quickReaders: QuickReaders
    private let writes: FairLine
    let logWork = Mutex(LogWork())
    private let cache = TableCache()
    private let ids: Mutex<ObjectIDGenerator>

    /// How far slow reads stand back behind short ones and writes, when all processors are busy.
    private static let niceness: Int32 = 10
    /// How long a query may hold its caller's thread.
    private static let moment = Duration.milliseconds(2)

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
    var tableCount: Int? { try? quickRead { _, catalog in try catalog.count } }

    /// How many of them `serve --dynamic` has made; nil when the database doesn't answer.
    var dynamicTableCount: Int? { try? quickRead { db, _ in try DynamicTable.count(in: db) } }

    /// A new record's id.
    func newID(at now: Timestamp) -> String { ids.withLock { $0.next(at: now) } }

    /// Reads what takes microseconds, on the caller's own thread: a hop to another would cost more than the read.
    func quickRead<Result>(_ body: (Database, TableCatalog) throws -> Result) throws -> Result {
        try quickReaders.read { db, seen in try body(db, TableCatalog(in: db, cache: cache, seen: seen)) }
    }

    /// Reads over one snapshot, within a time limit. Most queries are done sooner than a change of threads would be, so
    /// each is tried on the caller's thread first; what takes longer, or says that it will, starts again off it, so that
    /// a thread of the concurrency pool is never held for more than a moment. There it waits for its turn, and ends
    /// when its client goes.
    ///
    /// - Throws: `QueueRefused`, `ClientGone`, `QueryTimedOut`, `QueryAbandoned`; what `body` throws.
    func read<Result: Sendable>(
        limit: Duration, paced body: @escaping @Sendable (Database, TableCatalog, ReadPace) throws -> Result
    ) async throws -> Result {
        do {
            return try quickRead { db, catalog in
                try db.withDeadline(QueryDeadline(after: min(limit, Self.moment))) { try body(db, catalog, .moment) }
            }
        } catch is NeedsTime {
        } catch is QueryTimedOut where limit > Self.moment {
        }
        return try await slowRead(limit: limit) { db, catalog in try body(db, catalog, .unhurried) }
    }

    /// Reads off the caller's thread, for what is known to take more than a moment; see `read(limit:paced:)`.
    func slowRead<Result: Sendable>(
        limit: Duration, _ body: @escaping @Sendable (Database, TableCatalog) throws -> Result
    ) async throws -> Result {
        let departure = Requester.current.departure()
        return try await slowly { [pool] in
            try pool.read { db in
                let catalog = TableCatalog(in: db, cache: self.cache)
                let deadline = QueryDeadline(after: limit, isAbandoned: { departure?.isPast ?? false })
                return try db.withDeadline(deadline) { try body(db, catalog) }
            }
        }
    }

    /// Works off the caller's thread, in the line of slow reads: whoever asks for what takes milliseconds waits behind
    /// itself, and others don't.
    ///
    /// - Throws: `QueueRefused`, `ClientGone`; what `work` throws.
    func slowly<Result: Sendable>(_ work: @escaping @Sendable () throws -> Result) async throws -> Result {
        try await options.slowReads.pass(share, departure: Requester.current.departure()) {
            try await PatientThread.run(niceness: Self.niceness) { try work() }
        }
    }

    /// The share of the queues that the present requester has in this environment.
    var share: QueueShare {
        var share = Requester.current.share
        if let name { (share.project, share.environment) = (name.project, name.environment) }
        return share
    }

    /// `read(limit:paced:)` of what can be interrupted at any row.
    func read<Result: Sendable>(
        limit: Duration, _ body: @escaping @Sendable (Database, TableCatalog) throws -> Result
    ) async throws -> Result {
        try await read(limit: limit, paced: { db, catalog, _ in try body(db, catalog) })
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
#endif
