import BkendDocuments
import Foundation
import Synchronization

/// Tells whether other processes have a store open: each holds a shared lock on a file beside it, which the system drops
/// however the process ends. Its one byte is a note outside of the database, for what the database can't tell itself.
final class StorePresence: Sendable {
    /// What the note says of a store.
    enum Note: UInt8 {
        /// There is a store, and what was written last may lie in its log alone.
        case needsLog = 0x31
        /// The store was closed with everything in its database.
        case isWhole = 0x32
    }

    private let path: String
    private let descriptor: Int32
    private let isExclusive = Mutex(false)

    init(database: String) throws(StorageError) {
        path = database + ".open"
        let writable = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o600)
        let failure = errno
        // In a folder that can't be written the note can still be read, and the lock held.
        descriptor = writable >= 0 ? writable : open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW)
        if descriptor < 0 { throw StorageError(path: path, reason: .cannotOpen(errno: failure)) }
    }

    deinit { close(descriptor) }

    /// The note, nil where no store has been yet.
    var note: Note? {
        get throws {
            var byte: UInt8 = 0
            switch pread(descriptor, &byte, 1, 0) {
            case 0: return nil
            case 1: return Note(rawValue: byte) ?? .needsLog
            default: throw StorageError(path: path, reason: .cannotOpen(errno: errno))
            }
        }
    }

    /// Writes the note durably.
    func write(_ note: Note) throws {
        if try self.note == note { return }
        // Not through the descriptor that holds the lock: it may have been opened where nothing could be written yet.
        let file = open(path, O_WRONLY | O_CLOEXEC | O_NOFOLLOW)
        guard file >= 0 else { throw StorageError(path: path, reason: .cannotOpen(errno: errno)) }
        defer { close(file) }
        var byte = note.rawValue
        guard pwrite(file, &byte, 1, 0) == 1, fsync(file) == 0 else {
            throw StorageError(path: path, reason: .cannotOpen(errno: errno))
        }
    }

    /// Joins those who have the store open; waits while one sets it aside, as long as that takes unless it is stopped. Not
    /// under the store's lock, which that one needs.
    func enter() throws {
        guard try FileLock.wait(for: LOCK_SH, on: descriptor, path: path, within: Self.patience) else {
            throw StoreError(.damagedWhileInUse)
        }
    }

    /// A salvage reads and writes one outbox.
    private static let patience = Duration.seconds(30)

    /// Whether no other process has the store open. Call it under the store's lock, so that nobody opens it meanwhile.
    func isAlone() -> Bool {
        if isExclusive.withLock({ $0 }) { return true }
        let isAlone = flock(descriptor, LOCK_EX | LOCK_NB) == 0
        _ = flock(descriptor, LOCK_SH | LOCK_NB)
        return isAlone
    }

    /// Keeps all others out until `share`; false when one has the store open, and then this process counts no longer:
    /// of two that find damage at the same time one must get on. Call it under the store's lock.
    func shutOthersOut() -> Bool {
        let isAlone = flock(descriptor, LOCK_EX | LOCK_NB) == 0
        if !isAlone { _ = flock(descriptor, LOCK_UN) }
        isExclusive.withLock { $0 = isAlone }
        return isAlone
    }

    /// Lets others in again.
    func share() {
        isExclusive.withLock { $0 = false }
        _ = flock(descriptor, LOCK_SH | LOCK_NB)
    }
}
