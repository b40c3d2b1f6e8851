import BkendDocuments
import Foundation
import Synchronization

/// Which process syncs a store: the one that holds this lock. The system drops it when the process dies, however it
/// dies, and a child process doesn't inherit it.
package final class LeaderLock: Sendable {
    private let path: String
    private let descriptor = Mutex<Int32>(-1)

    /// The lock of a store's folder; a file of its own, since the writers' lock is held for moments only.
    package init(path: String) { self.path = path }

    deinit { release() }

    /// Takes the lock if no other process has it; whether this one has it now.
    ///
    /// - Throws: `StorageError` when the file can't be opened or locked at all.
    package func take() throws -> Bool {
        try descriptor.withLock { held in
            if held >= 0 { return true }
            let writable = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o600)
            let failure = errno
            // In a folder that can't be written now one process leads all the same, and goes on when it can.
            let isReadOnly = [EROFS, EACCES, EPERM].contains(failure)
            let file = writable < 0 && isReadOnly ? open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW) : writable
            guard file >= 0 else { throw StorageError(path: path, reason: .cannotOpen(errno: failure)) }
            while flock(file, LOCK_EX | LOCK_NB) != 0 {
                let code = errno
                if code == EINTR { continue }
                close(file)
                if code == EWOULDBLOCK { return false }
                throw StorageError(path: path, reason: .cannotLock(errno: code))
            }
            held = file
            return true
        }
    }

    /// Lets another process lead.
    package func release() {
        descriptor.withLock { held in
            if held >= 0 { close(held) }
            held = -1
        }
    }
}
