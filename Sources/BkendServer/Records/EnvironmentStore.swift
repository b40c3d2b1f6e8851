#if Server
import BkendDocuments
import BkendWire
import Foundation
import GRDB
import Synchronization

/// The tables and records of one environment: its database, and what is kept in memory of it.
package final class EnvironmentStore: Sendable {
    /// The database's path.
    let path: String
    private let pool: DatabasePool
    private let options: StoreOptions
    private let lock: FileLock
    private let quickReaders: QuickReaders
    /// Keeps long reads from taking every connection: one stays free for each thread of the concurrency pool.
    private let longReads = Gate(places: EnvironmentStore.longReaders)
    private let catalog: Mutex<TableCatalog>
    private let ids: Mutex<ObjectIDGenerator>

    /// How many reads may run off the concurrency pool at once.
    private static let longReaders = 4
    /// How long a query may hold its caller's thread.
    private static let moment = Duration.milliseconds(2)

    /// Opens the database at a path, making it when it isn't there.
    init(path: String, options: StoreOptions = StoreOptions()) throws {
        self.path = path
        self.options = options
        let lock = FileLock(database: path)
        self.lock = lock
        let (pool, catalog) = try lock.withLock {
            var storage = StorageOptions()
            storage.readers = Self.longReaders + max(2, ProcessInfo.processInfo.activeProcessorCount)
            let pool = try DocumentStorage.open(path: path, options: storage)
            try options.limitSize(of: pool)
            let catalog = try pool.write { db in
                try TableStore.prepare(db, path: path)
                return try TableCatalog(in: db)
            }
            return (pool, catalog)
        }
        self.pool = pool
        self.catalog = Mutex(catalog)
        quickReaders = try QuickReaders(path: path)
        var random = SystemRandomNumberGenerator()
        ids = Mutex(ObjectIDGenerator(using: &random))
    }

    /// How many tables there are; nil when the database doesn't answer.
    var tableCount: Int? { try? quickRead { _, catalog in catalog.count } }

    /// A new record's id.
    func newID(at now: Timestamp) -> String { ids.withLock { $0.next(at: now) } }

    /// Reads what takes microseconds, on the caller's own thread: a hop to another would cost more than the read.
    func quickRead<Result>(_ body: (Database, TableCatalog) throws -> Result) throws -> Result {
        try quickReaders.read(catalog: catalog, body)
    }

    /// Reads over one snapshot, within a time limit. Most queries are done sooner than a change of threads would be, so
    /// each is tried on the caller's thread first; what takes longer, or says that it will, starts again off it, so that
    /// a thread of the concurrency pool is never held for more than a moment.
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
        return try await longReads.pass {
            try await pool.read { db in
                let catalog = try self.catalog(in: db)
                return try db.withDeadline(QueryDeadline(after: limit)) { try body(db, catalog, .unhurried) }
            }
        }
    }

    /// `read(limit:paced:)` of what can be interrupted at any row.
    func read<Result: Sendable>(
        limit: Duration, _ body: @escaping @Sendable (Database, TableCatalog) throws -> Result
    ) async throws -> Result {
        try await read(limit: limit, paced: { db, catalog, _ in try body(db, catalog) })
    }

    /// Writes in one transaction; when this returns, the change is on disk.
    func write<Result: Sendable>(
        _ body: @escaping @Sendable (Database, TableCatalog) throws -> Result
    ) async throws -> Result {
        let asked = ContinuousClock.now
        return try await pool.writeWithoutTransaction { db in
            try self.transaction(db) { db, catalog in
                self.options.onWriterWait?(asked.duration(to: .now))
                return try body(db, catalog)
            }
        }
    }

    /// `write` for commands, which have nothing else to do meanwhile.
    func writeNow<Result: Sendable>(_ body: (Database, TableCatalog) throws -> Result) throws -> Result {
        try pool.writeWithoutTransaction { db in try transaction(db, body) }
    }

    private func transaction<Result>(
        _ db: Database, _ body: (Database, TableCatalog) throws -> Result
    ) throws -> Result {
        try lock.withLock {
            var outcome: Swift.Result<Result, any Error> = .failure(CancellationError())
            try db.inTransaction(.immediate) {
                outcome = .success(try body(db, catalog(in: db)))
                return .commit
            }
            return try outcome.get()
        }
    }

    /// The tables as this connection sees them, before it changes any. They are read again only when someone has.
    private func catalog(in db: Database) throws -> TableCatalog {
        let generation = try TableCatalog.generation(in: db)
        let known = catalog.withLock { $0 }
        if known.generation == generation { return known }
        let read = try TableCatalog(in: db)
        catalog.withLock { $0 = read }
        return read
    }
}
#endif
