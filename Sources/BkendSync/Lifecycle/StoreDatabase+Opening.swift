import BkendDocuments
import BkendWire
import Foundation
import GRDB

extension StoreDatabase {
    /// The store's mark in its file (`PRAGMA application_id`): "bksy".
    static let applicationID: Int32 = 0x626B_7379

    /// Opens or makes the store at a path, in a folder of mode 0700. Never touches the network.
    ///
    /// A damaged database is set aside and its outbox carried over into a new one: `damage` says so. A path that this
    /// process has open already gives the same store.
    ///
    /// - Parameter owner: the user whose store it must be, "" for a guest; a new store becomes theirs. Nil takes anyone's.
    /// - Throws: `StoreError` for another user's or a later version's store, `StorageError` for a file that is no store.
    package static func open(
        path: String, owner: String?, environment: StoreEnvironment = .system, changeLimit: Int = 10_000,
        options: StorageOptions = StorageOptions()
    ) throws -> StoreDatabase {
        let folder = URL(fileURLWithPath: path).deletingLastPathComponent().path
        try makeFolder(folder)
        // One name for every way of writing the path.
        let file = URL(fileURLWithPath: folder).resolvingSymlinksInPath().appendingPathComponent(
            URL(fileURLWithPath: path).lastPathComponent
        ).path
        let store = try StoreRegistry.shared.store(at: file) {
            try make(file, environment: environment, changeLimit: changeLimit, options: options)
        }
        if let owner { try store.claim(owner) }
        return store
    }

    private static func makeFolder(_ path: String) throws {
        if mkdir(path, 0o700) == 0 { return }
        guard errno == EEXIST else { throw StorageError(path: path, reason: .cannotOpen(errno: errno)) }
        var status = stat()
        guard stat(path, &status) == 0, status.st_mode & S_IFMT == S_IFDIR else {
            throw StorageError(path: path, reason: .cannotOpen(errno: ENOTDIR))
        }
    }

    private static func make(
        _ path: String, environment: StoreEnvironment, changeLimit: Int, options: StorageOptions
    ) throws -> StoreDatabase {
        var options = options
        options.applicationID = applicationID
        let lock = FileLock(database: path)
        let presence = try StorePresence(database: path)
        let isMissing = presence.hasSeenStore && size(of: path) == 0
        func open() throws -> StoreDatabase {
            let (pool, isAlone) = try lock.withLock {
                (try DocumentStorage.open(path: path, options: options), presence.isAlone())
            }
            let file = StoreFile(path: path, lock: lock, presence: presence, isAlone: isAlone)
            let store = try StoreDatabase(
                over: pool, lock: lock, file: file, environment: environment, changeLimit: changeLimit)
            presence.noteStore()
            if isMissing { store.damage = StoreDamage.missing }
            return store
        }
        if access(path + ".damaged", F_OK) == 0 {
            return try StoreSalvage(path: path, lock: lock).run(because: "quick_check found damage", reopening: open)
        }
        do { return try open() } catch let error where StoreSalvage.isDamage(error) {
            return try StoreSalvage(path: path, lock: lock).run(because: "\(error)", reopening: open)
        }
    }

    private static func size(of path: String) -> Int64 {
        var status = stat()
        return stat(path, &status) == 0 ? Int64(status.st_size) : 0
    }

    /// Makes a new store the user's; refuses another user's.
    private func claim(_ owner: String) throws {
        let isFree = try read { snapshot in
            let current = try snapshot.owner
            if current.hasSameBytes(as: owner) { return false }
            guard current.isEmpty, try snapshot.tables.isEmpty, try snapshot.entryCount() == 0 else {
                throw StoreError(.otherOwner)
            }
            return true
        }
        if isFree { try write { try $0.takeOver(by: owner) } }
    }
}

/// What a store on disk has beside its database.
final class StoreFile: Sendable {
    let path: String
    let lock: FileLock
    let presence: StorePresence
    /// Whether no other process had it open when this one opened it.
    let isAlone: Bool

    init(path: String, lock: FileLock, presence: StorePresence, isAlone: Bool) {
        self.path = path
        self.lock = lock
        self.presence = presence
        self.isAlone = isAlone
    }
}
