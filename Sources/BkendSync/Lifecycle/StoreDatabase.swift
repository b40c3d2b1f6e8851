import BkendDocuments
import BkendWire
import GRDB
import Synchronization

/// The local store's database: what queries see, the server's last word, the outbox, and everything between.
///
/// All of it is synchronous and decides nothing by clock, chance or dictionary order, so that a simulator can drive it,
/// drop it and open it again over the same database. Reads and writes go through `StoreSnapshot` and
/// `StoreTransaction`. A write is one durable transaction: when it returned, it is on disk; when it threw, nothing is.
package final class StoreDatabase: Sendable {
    /// SQLite itself, for observers and tests.
    package var writer: any DatabaseWriter { pool.withLock { $0 } }
    /// Another one once a store that was opened for reading can be written.
    private let pool: Mutex<any DatabaseWriter>
    /// Clock and randomness.
    package let environment: StoreEnvironment
    /// How many rows the change log keeps; a reader that fell further behind asks its query again.
    package let changeLimit: Int
    /// Tells observers of this process's commits; those of others reach them through the lock's file.
    package let commits = CommitSignal()
    /// What it has beside its database, nil in memory.
    let file: StoreFile?
    /// The bytes of its files, nil in memory unless it was given a folder.
    package let files: FileFolder?
    /// How much room files may take.
    package var fileLimits: FileLimits {
        get { limits.withLock { $0 } }
        set { limits.withLock { $0 = newValue } }
    }
    private let limits = Mutex(FileLimits())
    /// What looks for damage behind, after an unclean stop.
    let check = BackgroundCheck()
    /// Keeps the writers of other processes away, nil where there are none.
    private let lock: FileLock?
    private let condition = Mutex<Condition>(Condition())
    private let collections = Mutex<[ExactString: Collection]>([:])

    /// Opens the store in a database that `DocumentStorage` has opened: makes its tables or migrates them.
    ///
    /// - Parameter files: where the bytes of files lie; nil for a store that holds none.
    /// - Throws: `StoreError` for a later version's store.
    package convenience init(
        over writer: any DatabaseWriter, lock: FileLock? = nil, files: FileFolder? = nil,
        environment: StoreEnvironment = .system, changeLimit: Int = 10_000
    ) throws {
        try self.init(
            over: writer, lock: lock, file: nil, files: files, environment: environment, changeLimit: changeLimit)
    }

    /// - Parameter migrations: the steps from one format to the next; others than the shipped ones for tests.
    init(
        over writer: any DatabaseWriter, lock: FileLock?, file: StoreFile?, files: FileFolder? = nil,
        environment: StoreEnvironment, changeLimit: Int, migrations: [String] = StoreSchema.migrations
    ) throws {
        pool = Mutex(writer)
        self.lock = lock
        self.file = file
        self.files = files ?? file?.files
        self.environment = environment
        self.changeLimit = max(1, changeLimit)
        try transaction { db in try StoreSchema.prepare(db, by: migrations) }
    }

    /// A store over files that were opened for writing.
    init(
        _ writable: StoreOpening.Writable, file: StoreFile, _ environment: StoreEnvironment, _ changeLimit: Int
    ) throws {
        pool = Mutex(writable.pool)
        lock = file.lock
        self.file = file
        files = file.files
        self.environment = environment
        self.changeLimit = max(1, changeLimit)
        if writable.wasLeftOpen { checkBehind() }
    }

    /// A store that can't be written as long as there is an obstacle.
    init(
        reading pool: DatabasePool, because obstacle: String, file: StoreFile, _ environment: StoreEnvironment,
        _ changeLimit: Int
    ) {
        self.pool = Mutex(pool)
        lock = file.lock
        self.file = file
        files = file.files
        self.environment = environment
        self.changeLimit = max(1, changeLimit)
        condition.withLock { $0.obstacle = obstacle }
    }

    private struct Condition {
        /// Why the store is open for reading alone, nil where it is open for writing.
        var obstacle: String?
        /// Why the last write found no room, nil after one that did.
        var refusal: String?
        var health = StoreHealth.unsuspicious
        var damage: StoreDamage?
        var isDamageTold = false
        var isRegistered = false
    }

    deinit { if let file, condition.withLock({ $0.isRegistered }) { close(file) } }

    /// Notes that the registry knows the store: from now on its end has to be told there.
    func noteRegistration() { condition.withLock { $0.isRegistered = true } }

    /// Why the store was opened for reading alone and couldn't be written since, in words; nil where it can be written.
    package var obstacle: String? { condition.withLock { $0.obstacle } }

    /// Whether the database's structure is sound and it can be written, as far as is known.
    package internal(set) var health: StoreHealth {
        get {
            condition.withLock { condition in
                if case .damaged = condition.health { return condition.health }
                return (condition.obstacle ?? condition.refusal).map { .readOnly($0) } ?? condition.health
            }
        }
        set { condition.withLock { $0.health = newValue } }
    }

    /// What this opening had to do about a damaged database, nil for nothing.
    package internal(set) var damage: StoreDamage? {
        get { condition.withLock { $0.damage } }
        set { condition.withLock { $0.damage = newValue } }
    }

    /// Notes that the opener gets the store, and with it `damage`: nobody has to be told again once it was closed.
    func noteDamageToBeTold() { condition.withLock { $0.isDamageTold = true } }

    /// Whether whoever opened the store was told of its damage.
    var isDamageTold: Bool { condition.withLock { $0.isDamageTold } }

    /// A store in memory, for tests and the simulator. Keep its `writer` to open it again after a "crash".
    package static func inMemory(environment: StoreEnvironment = .system) throws -> StoreDatabase {
        try StoreDatabase(over: try DocumentStorage.inMemory(), environment: environment)
    }

    /// Reads over one snapshot of the store.
    package func read<Result>(_ body: (StoreSnapshot) throws -> Result) throws -> Result {
        try noticingDamage {
            // A queue's `read` turns `query_only` on and off, which makes SQLite compile every cached statement anew. A
            // snapshot can't write, so a transaction is all it needs.
            let writer = writer
            guard let queue = writer as? DatabaseQueue else {
                func read(_ pool: any DatabaseWriter) throws -> Result {
                    try pool.read { db in try body(StoreSnapshot(db, collections: known)) }
                }
                do { return try read(writer) } catch let error as DatabaseError
                    where error.resultCode == .SQLITE_MISUSE && self.writer !== writer
                {
                    // Replaced before this read began; see `reopened(_:)`.
                    return try read(self.writer)
                }
            }
            return try queue.unsafeRead { db in
                try Self.inTransaction(.deferred, db) { try body(StoreSnapshot(db, collections: known)) }
            }
        }
    }

    /// Writes in one durable transaction; if `body` throws, nothing of it is kept.
    package func write<Result>(_ body: (StoreTransaction) throws -> Result) throws -> Result {
        var made: [ExactString: Collection] = [:]
        var released: [String] = []
        var hold: SweepHold?
        defer { withExtendedLifetime(hold) {} }
        let result = try transaction { db in
            let transaction = try StoreTransaction(
                db, collections: known, environment: environment, changeLimit: changeLimit)
            transaction.room = files.map { FileRoom(folder: $0, limits: fileLimits) }
            // Until the commit, which comes after this.
            defer { hold = transaction.sweepHold }
            let result = try body(transaction)
            try transaction.finish()
            made = transaction.collections
            released = transaction.releasedBytes
            return result
        }
        // Only what was committed is kept: a collection that was rolled back may leave its number to another.
        collections.withLock { $0 = made }
        // The rows first: of bytes whose row is gone the next sweep would find what is left.
        files?.remove(released)
        commits.signal()
        return result
    }

    /// Writes as the leader of an epoch.
    ///
    /// - Throws: `StoreError.Reason.notLeader` when another process leads since.
    package func write<Result>(epoch: Int64, _ body: (StoreTransaction) throws -> Result) throws -> Result {
        try write { transaction in
            try transaction.requireLeader(epoch)
            return try body(transaction)
        }
    }

    private var known: [ExactString: Collection] { collections.withLock { $0 } }

    /// One immediate transaction under the lock between processes. A checkpoint runs in the commit, so inside as well.
    private func transaction<Result>(_ body: (Database) throws -> Result) throws -> Result {
        try noticingDamage {
            do {
                if obstacle != nil { try becomeWritable() }
                let result = try writer.writeWithoutTransaction { db in
                    func run() throws -> Result { try Self.inTransaction(.immediate, db) { try body(db) } }
                    guard let lock else { return try run() }
                    return try lock.withLock {
                        let result = try run()
                        beginLogAnew(db)
                        return result
                    }
                }
                noteRefusal(nil)
                return result
            } catch let error where StorageError.saysUnwritable(error) {
                noteRefusal(error)
                throw error
            }
        }
    }

    /// Notes whether there was room for a write.
    private func noteRefusal(_ error: (any Error)?) {
        let words = error.map { StoreError($0).explanation }
        condition.withLock { condition in
            if condition.refusal == nil, words == nil { return }
            condition.refusal = words
            if condition.obstacle != nil, let words { condition.obstacle = words }
        }
    }

    /// A store that was opened for reading is opened for writing before the first write that can be made.
    private func becomeWritable() throws {
        guard let file else { return }
        // Threads take turns by it like processes.
        try file.lock.withLock {
            if obstacle == nil { return }
            let writable = try reopened(file.opening)
            pool.withLock { $0 = writable.pool }
            condition.withLock { $0.obstacle = nil }
            if writable.wasLeftOpen { checkBehind() }
        }
    }

    /// SQLite keeps what it knows of a database's shared memory once a process: as long as a connection is open that
    /// could only read it, none can write. Then the present ones end first, once what reads through them is done.
    private func reopened(_ opening: StoreOpening) throws -> StoreOpening.Writable {
        do { return try opening.openForWriting(isOpen: true) } catch let error as DatabaseError
            where error.resultCode == .SQLITE_READONLY
        {
            return try pool.withLock { pool in
                do {
                    try pool.close()
                    let writable = try opening.openForWriting()
                    pool = writable.pool
                    return writable
                } catch {
                    // What is closed already reads nothing any more; the first error is the one to tell.
                    if let again = try? opening.reader() { pool = again }
                    throw error
                }
            }
        }
    }

    /// The bytes of the log past which it is begun anew as soon as no read is in it. SQLite's own checkpoints manage that
    /// only by chance while reads overlap, those of many live queries for example.
    static let logBytes = 32 << 20

    private func beginLogAnew(_ db: Database) {
        guard let file, DocumentStorage.logBytes(ofDatabase: file.path) > Self.logBytes else { return }
        // The transaction is done, whatever comes of this.
        _ = try? db.beginLogAnew(patience: .zero)
    }

    private static func inTransaction<Result>(
        _ kind: Database.TransactionKind, _ db: Database, _ body: () throws -> Result
    ) throws -> Result {
        var outcome: Swift.Result<Result, any Error> = .failure(StoreError(.damaged("no transaction ran")))
        try db.inTransaction(kind) {
            outcome = .success(try body())
            return .commit
        }
        return try outcome.get()
    }

    /// Damage that any read or write meets marks the store: the next opening sets it aside and salvages the outbox.
    private func noticingDamage<Result>(_ work: () throws -> Result) throws -> Result {
        do { return try work() } catch {
            if let file, StoreSalvage.isDamage(error) { noteDamage("\(error)", file) }
            throw error
        }
    }
}
