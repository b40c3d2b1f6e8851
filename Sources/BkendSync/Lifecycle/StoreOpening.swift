import BkendDocuments
import Foundation
import GRDB

/// One opening of a store's files: new ones, sound ones, damaged ones, or some that are gone.
struct StoreOpening {
    let path: String
    let lock: FileLock
    let presence: StorePresence
    let environment: StoreEnvironment
    let changeLimit: Int
    let options: StorageOptions

    init(path: String, environment: StoreEnvironment, changeLimit: Int, options: StorageOptions) throws {
        self.path = path
        self.environment = environment
        self.changeLimit = changeLimit
        var options = options
        options.applicationID = StoreDatabase.applicationID
        self.options = options
        lock = FileLock(database: path)
        presence = try StorePresence(database: path)
    }

    /// Opens the store; sets a damaged one aside first.
    func run() throws -> StoreDatabase {
        try presence.enter()
        if try DamageMark.read(beside: path) != nil { return try salvage(because: "damage was found") }
        if try presence.note != nil, try StoreFolder.size(of: path) ?? 0 == 0 {
            // SQLite would make a new database and throw the old one's log away.
            return try salvage(because: "the database is missing or empty")
        }
        do { return try open() } catch let error where isDamage(error) {
            // SQLite calls it damage as well when the disk fails for a moment (SQLITE_IOERR_CORRUPTFS).
            if let store = try? open() {
                try DamageMark.remove(beside: path)
                return store
            }
            return try salvage(because: "\(error)")
        }
    }

    private func salvage(because reason: String) throws -> StoreDatabase {
        try StoreSalvage(path: path, lock: lock, presence: presence).run(because: reason, reopening: open)
    }

    /// How long an opening waits for a process that is in the middle of a write. A usual one takes milliseconds; one that
    /// takes longer may be stopped, and then the store is opened for reading.
    static let patience = Duration.seconds(1)

    /// Opens the store for writing, or for reading where it is there and nothing can be written.
    private func open() throws -> StoreDatabase {
        let obstacle: String
        do {
            if let writable = try whileLocked({ try openForWriting() }) { return try store(over: writable) }
            obstacle = "another process has held the store's lock for a second"
        } catch let error where StorageError.saysUnwritable(error) {
            guard try presence.note != nil else { throw error }
            do {
                return try openForReading(because: StoreError(error).explanation)
            } catch let flaw as StoreError where !StoreSalvage.isDamage(flaw) {
                // An earlier or a later version's store: its format keeps it closed.
                throw flaw
            } catch _ {
                throw error
            }
        }
        return try openForReading(because: obstacle)
    }

    private func store(over writable: Writable) throws -> StoreDatabase {
        let store = try StoreDatabase(writable, file: StoreFile(self), environment, changeLimit)
        let isLogMissing = writable.isLogMissing && writable.isAlone
        store.damage = isLogMissing ? .withoutLog : try untoldDamage(of: store)
        return store
    }

    /// Runs `body` under the store's lock, or gives nil where another process keeps it. A store that isn't there, or that
    /// has to be migrated, can't be read: whoever makes or migrates it is waited for.
    private func whileLocked(_ body: () throws -> Writable) throws -> Writable? {
        if try StoreFolder.size(of: path) != nil {
            if let writable = try lock.withLock(within: Self.patience, body) { return writable }
            if (try? reader()) != nil { return nil }
        }
        return try lock.withLock(body)
    }

    /// What an opening for writing gives.
    struct Writable {
        var pool: DatabasePool
        /// Whether no other process has the store open.
        var isAlone: Bool
        /// Whether its log was gone though it was needed.
        var isLogMissing: Bool
        /// Whether nobody has closed it since it was opened last.
        var wasLeftOpen: Bool
    }

    /// Opens the database, makes or migrates its tables, and takes the mark of a clean closing away. Call it under the
    /// store's lock.
    ///
    /// - Parameter isOpen: whether this process has it open for reading.
    func openForWriting(isOpen: Bool = false) throws -> Writable {
        let note = try presence.note
        // SQLite leaves the log where it is (NO_CKPT_ON_CLOSE), so it is missing only when somebody took it away.
        let isLogMissing = try note == .needsLog && StoreFolder.size(of: path + "-wal") == nil
        if note != nil { try presence.write(.needsLog) }
        var options = options
        options.preparesFile = !isOpen
        let pool = try DocumentStorage.open(path: path, options: options)
        var writable = Writable(
            pool: pool, isAlone: presence.isAlone(), isLogMissing: isLogMissing, wasLeftOpen: false)
        try pool.writeWithoutTransaction { db in
            try db.inTransaction(.immediate) {
                try StoreSchema.prepare(db)
                // The rows of files may have been in the log: whoever sweeps next, and whenever, puts aside what none names.
                if isLogMissing {
                    try db.perform(
                        "INSERT OR REPLACE INTO sync_meta (key, value) VALUES ('\(MetaKey.unclaimedFiles)', '1')")
                }
                if writable.isAlone {
                    let wasClean = try db.first("SELECT value FROM sync_meta WHERE key = 'clean'") { $0.text(0) } == "1"
                    writable.wasLeftOpen = !wasClean || isLogMissing
                    if wasClean { try db.perform("UPDATE sync_meta SET value = '0' WHERE key = 'clean'") }
                }
                return .commit
            }
            // From the first write on, the database is one of a store even without its log.
            if note == nil { _ = try db.checkpoint(.passive) }
        }
        if note == nil {
            try StoreFolder.sync(of: path)
            try presence.write(.needsLog)
        }
        return writable
    }

    /// Connections that only read.
    func reader() throws -> DatabasePool {
        let pool = try DocumentStorage.openForReading(path: path, options: options)
        try pool.read { try StoreSchema.requirePresent($0) }
        return pool
    }

    /// Opens the database as it is. Nothing is written, so the lock isn't needed.
    private func openForReading(because obstacle: String) throws -> StoreDatabase {
        let isLogMissing = try presence.note == .needsLog && StoreFolder.size(of: path + "-wal") == nil
        let store = StoreDatabase(
            reading: try reader(), because: obstacle, file: StoreFile(self), environment, changeLimit)
        store.damage = isLogMissing ? .withoutLog : try untoldDamage(of: store)
        return store
    }

    /// What an earlier opening salvaged, unless a process that was told of it has closed the store since.
    private func untoldDamage(of store: StoreDatabase) throws -> StoreDamage? {
        try store.read { try $0.meta("salvageTold") == nil ? $0.meta("salvaged") : nil }.flatMap(StoreDamage.init)
    }

    private func isDamage(_ error: any Error) -> Bool {
        if case .foreign(let mark)? = (error as? StorageError)?.reason { return holdsStore(marked: mark) }
        return StoreSalvage.isDamage(error)
    }

    /// Whether a file with another application's mark is a store all the same: it has a store's tables, so the mark is
    /// what was damaged. Nothing else has a table of these names, and SQLite has read the schema's page.
    private func holdsStore(marked mark: Int32) -> Bool {
        var options = options
        options.applicationID = mark
        guard let reader = try? DocumentStorage.openReader(path: path, options: options) else { return false }
        defer { try? reader.close() }
        let names = "('bkend_format', 'sync_meta', 'sync_entries', 'sync_aliases')"
        let found = try? reader.read { db in
            try Int.fetchOne(db, sql: "SELECT count(*) FROM sqlite_schema WHERE type = 'table' AND name IN \(names)")
        }
        return found == 4
    }
}

/// What a store on disk has beside its database.
final class StoreFile: Sendable {
    /// Opens it for writing, once that is possible.
    let opening: StoreOpening
    var path: String { opening.path }
    var lock: FileLock { opening.lock }
    var presence: StorePresence { opening.presence }

    /// The bytes of its files.
    let files: FileFolder

    init(_ opening: StoreOpening) {
        self.opening = opening
        let folder = URL(fileURLWithPath: opening.path).deletingLastPathComponent().path
        files = FileFolder("\(folder)/\(FileFolder.folderName)")
    }
}
