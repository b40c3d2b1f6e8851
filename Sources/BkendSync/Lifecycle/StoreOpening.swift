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

    private func open() throws -> StoreDatabase {
        let note = try presence.note
        let isNew = note == nil
        // SQLite leaves the log where it is (NO_CKPT_ON_CLOSE), so it is missing only when somebody took it away.
        let isLogMissing = try note == .needsLog && StoreFolder.size(of: path + "-wal") == nil
        let (pool, isAlone) = try lock.withLock {
            if !isNew { try presence.write(.needsLog) }
            return (try DocumentStorage.open(path: path, options: options), presence.isAlone())
        }
        let file = StoreFile(
            path: path, lock: lock, presence: presence, isAlone: isAlone, isLogMissing: isLogMissing)
        let store = try StoreDatabase(
            over: pool, lock: lock, file: file, environment: environment, changeLimit: changeLimit)
        if isNew {
            // From the first write on, the database is one of a store even without its log.
            try lock.withLock { try pool.writeWithoutTransaction { _ = try $0.checkpoint(.passive) } }
            try StoreFolder.sync(of: path)
            try presence.write(.needsLog)
        }
        store.damage = isLogMissing && isAlone ? .withoutLog : try untoldDamage(of: store)
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
