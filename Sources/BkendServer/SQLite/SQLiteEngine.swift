import BkendAccounts
import BkendDocuments
import BkendStorage
import BkendWire
import Foundation
import GRDB
import Synchronization

/// An environment in a SQLite database of its own: the file, and what is kept in memory of it.
///
/// There is one writer, who holds every lock there is: a body of a write runs once, whatever it asks for.
final class SQLiteEngine: StorageEngine {
    /// The database's path.
    let path: String
    /// Whose environment it is; nil in a command, which is alone with it.
    let name: EnvironmentName?
    let pool: DatabasePool
    let options: StoreOptions
    let lock: FileLock
    let quickReaders: QuickReaders
    private let writes: FairLine
    let writer: GroupWriter
    let logWork = Mutex(LogWork())
    let changeWork = Mutex(ChangeWork())
    let cache = TableCache()
    private let ids: Mutex<ObjectIDGenerator>

    /// Opens the database at a path, making it when it isn't there.
    ///
    /// - Throws: `StorageFailure`, `StorageError`, `OperatorError`.
    init(path: String, name: EnvironmentName? = nil, options: StoreOptions = StoreOptions()) throws {
        self.path = path
        self.name = name
        self.options = options
        let report = options.reportWrites
        writes = FairLine(options.writes, waitingFor: "writes") { event in
            switch event {
            // Who leaves the line waits on, for the writer.
            case .admitted(nil): report(.waits)
            case .admitted: break
            case .waits, .abandoned, .refused: report(event)
            }
        }
        let lock = FileLock(database: path)
        self.lock = lock
        (pool, quickReaders) = try StorageFailure.mapping {
            let pool = try lock.withLock {
                var storage = StorageOptions()
                storage.readers = options.slowReads.places
                try TableSchema.checkAlone(path: path)
                let pool = try DocumentStorage.open(path: path, options: storage)
                try options.limitSize(of: pool)
                try pool.write { db in try TableSchema.prepare(db, path: path) }
                return pool
            }
            return (pool, try QuickReaders(path: path))
        }
        writer = GroupWriter(
            pool, bounds: GroupWriter.Bounds(writes: options.writesPerTransaction),
            around: { db, work in
                try lock.withLock {
                    try options.makeRoomForLog(db, path: path)
                    try work()
                }
            },
            events: { event in
                if case .admitted(let wait?) = event { options.onWriterWait?(wait) }
                report(event)
            }, report: options.reportGroup)
        var random = SystemRandomNumberGenerator()
        ids = Mutex(ObjectIDGenerator(using: &random))
    }

    /// A new record's id.
    func newID(at now: Timestamp) -> String { ids.withLock { $0.next(at: now) } }

    /// The share of the queues that the present requester has in this environment.
    var share: QueueShare {
        var share = Requester.current.share
        if let name { (share.project, share.environment) = (name.project, name.environment) }
        return share
    }

    func prepareAccounts() throws {
        try writeNow(locking: [.definitions]) { try AccountSchema.prepare($0) }
    }

    func prepareFiles() throws { try writeNow(locking: [.definitions]) { try FileSchema.prepare($0) } }

    var size: (bytes: Int, log: Int) {
        (FileStatus.bytes(of: path), DocumentStorage.logBytes(ofDatabase: path))
    }

    // MARK: Writing

    func write<Result: Sendable>(
        locking locks: Set<StorageLock>, check: StorageCheck?,
        _ body: @escaping @Sendable (any StorageTransaction) throws -> Result
    ) async throws -> Result {
        let asked = ContinuousClock.now
        let (share, departure) = (share, Requester.current.departure())
        let result: Result
        do {
            let seen: [Table]
            (result, seen) = try await writes.pass(share, departure: departure) {
                try await writer.write(share, departure: departure, since: asked) { db in
                    let catalog = TableCatalog(in: db, cache: self.cache, isWriting: true)
                    let session = SQLiteStorageSession(db, of: self, catalog: catalog)
                    try check?.run(in: session)
                    let result = try body(session)
                    self.changeWork.withLock { $0.bytes += session.changedBytes }
                    return ((result, catalog.looked), bytes: session.changedBytes)
                }
            }
            cache.keep(seen)
        } catch let error as DatabaseError { throw Self.failure(error) }
        tendLog()
        tendChanges()
        return result
    }

    /// What an error of SQLite means to its task: one that was cancelled has interrupted its own statement.
    static func failure(_ error: DatabaseError) -> any Error {
        if error.resultCode == .SQLITE_INTERRUPT, Task.isCancelled { return CancellationError() }
        return StorageFailure(error)
    }

    func writeNow<Result>(
        locking locks: Set<StorageLock>, _ body: (any StorageTransaction) throws -> Result
    ) throws -> Result {
        try StorageFailure.mapping {
            try pool.writeWithoutTransaction { db in
                let result = try transaction(db) { try body($0) }
                tendLogNow(db)
                tendChangesNow(db)
                return result
            }
        }
    }

    func transaction<Result>(
        _ db: Database, _ body: (SQLiteStorageSession) throws -> Result
    ) throws -> Result {
        try lock.withLock {
            try options.makeRoomForLog(db, path: path)
            var outcome: Swift.Result<Result, any Error> = .failure(CancellationError())
            let catalog = TableCatalog(in: db, cache: cache, isWriting: true)
            try db.inTransaction(.immediate) {
                let session = SQLiteStorageSession(db, of: self, catalog: catalog)
                outcome = .success(try body(session))
                changeWork.withLock { $0.bytes += session.changedBytes }
                return .commit
            }
            cache.keep(catalog.looked)
            return try outcome.get()
        }
    }
}
