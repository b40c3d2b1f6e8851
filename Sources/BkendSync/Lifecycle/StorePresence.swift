import BkendDocuments
import Foundation

/// Tells whether other processes have a store open: each holds a shared lock on a file beside it, which the system drops
/// however the process ends.
final class StorePresence: Sendable {
    private let descriptor: Int32

    init(database: String) throws(StorageError) {
        let path = database + ".open"
        descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o600)
        if descriptor < 0 { throw StorageError(path: path, reason: .cannotOpen(errno: errno)) }
    }

    deinit { close(descriptor) }

    /// Whether a store has been here: its file can't be missing or empty without a loss.
    var hasSeenStore: Bool {
        var status = stat()
        return fstat(descriptor, &status) == 0 && status.st_size > 0
    }

    /// Notes that there is a store now.
    func noteStore() {
        if !hasSeenStore { _ = pwrite(descriptor, "1", 1, 0) }
    }

    /// Whether no other process has the store open. Call it under the store's lock, so that nobody opens it meanwhile.
    func isAlone() -> Bool {
        let isAlone = flock(descriptor, LOCK_EX | LOCK_NB) == 0
        _ = flock(descriptor, LOCK_SH | LOCK_NB)
        return isAlone
    }
}
