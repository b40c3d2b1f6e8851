import Foundation

/// A lock between processes on one database: whoever writes or checkpoints holds it.
///
/// SQLite's own locks keep writers apart, but the versions 3.7.0 to 3.51.2 can corrupt a write-ahead log when two
/// connections write and checkpoint at the same moment (see `DocumentStorage`). The system drops the lock when a process
/// dies, however it dies.
///
/// The file is opened for each holding and closed after it: that close, after the commit, is what tells observers in other
/// processes of it (inotify, `IN_CLOSE_WRITE`).
package struct FileLock: Sendable {
    private let path: String

    /// The lock beside a database.
    package init(database: String) { path = database + ".lock" }

    /// Runs `body` while this process alone holds the lock; waits for whoever has it. Not to be nested: the second call
    /// would wait for the first.
    package func withLock<Result>(_ body: () throws -> Result) throws -> Result {
        let descriptor = try opened()
        // Closing the descriptor drops the lock.
        defer { close(descriptor) }
        while flock(descriptor, LOCK_EX) != 0 {
            guard errno == EINTR else { throw StorageError(path: path, reason: .cannotLock(errno: errno)) }
        }
        return try body()
    }

    /// Runs `body` while this process alone holds the lock, if it comes free within a time: whoever has it may be stopped
    /// (`SIGSTOP`, a frozen container), and then it comes free at no time.
    ///
    /// - Returns: nil where another process keeps it; `body` hasn't run then.
    package func withLock<Result>(within patience: Duration, _ body: () throws -> Result) throws -> Result? {
        let descriptor = try opened()
        defer { close(descriptor) }
        let end = ContinuousClock.now.advanced(by: patience)
        while flock(descriptor, LOCK_EX | LOCK_NB) != 0 {
            guard errno == EINTR || errno == EWOULDBLOCK else {
                throw StorageError(path: path, reason: .cannotLock(errno: errno))
            }
            if ContinuousClock.now >= end { return nil }
            usleep(Self.look)
        }
        return try body()
    }

    /// How long to wait before the next look, in microseconds.
    private static let look: UInt32 = 2_000

    private func opened() throws -> Int32 {
        let descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard descriptor >= 0 else { throw StorageError(path: path, reason: .cannotOpen(errno: errno)) }
        return descriptor
    }
}
