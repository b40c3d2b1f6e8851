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
        return try Self.wait(for: LOCK_EX, on: descriptor, path: path, within: patience) ? body() : nil
    }

    /// Waits for a lock of an open file (flock(2)) for a time at most; whether it has it now. It looks again and again,
    /// after 1 ms first and 50 ms at last: flock has no timed form, and one that blocks can't be called off. Call it on a
    /// thread that may be held.
    package static func wait(
        for kind: Int32, on descriptor: Int32, path: String, within patience: Duration
    ) throws(StorageError) -> Bool {
        let end = ContinuousClock.now.advanced(by: patience)
        var pause = 0.001
        while flock(descriptor, kind | LOCK_NB) != 0 {
            guard errno == EINTR || errno == EWOULDBLOCK else {
                throw StorageError(path: path, reason: .cannotLock(errno: errno))
            }
            if ContinuousClock.now >= end { return false }
            Thread.sleep(forTimeInterval: pause)  // flock(2) has no timed form; the caller's thread may be held
            pause = min(pause * 2, 0.05)
        }
        return true
    }

    private func opened() throws -> Int32 {
        let descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard descriptor >= 0 else { throw StorageError(path: path, reason: .cannotOpen(errno: errno)) }
        return descriptor
    }
}
