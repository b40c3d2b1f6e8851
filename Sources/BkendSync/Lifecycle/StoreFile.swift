import BkendDocuments

/// What a store on disk has beside its database.
final class StoreFile: Sendable {
    let path: String
    let lock: FileLock
    let presence: StorePresence
    /// Whether no other process had it open when this one opened it.
    let isAlone: Bool
    /// Whether its log was gone though it was needed.
    let isLogMissing: Bool

    init(path: String, lock: FileLock, presence: StorePresence, isAlone: Bool, isLogMissing: Bool) {
        self.path = path
        self.lock = lock
        self.presence = presence
        self.isAlone = isAlone
        self.isLogMissing = isLogMissing
    }
}
