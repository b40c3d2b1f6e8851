import BkendDocuments
import Foundation

/// Bytes of a download on their way into the store's folder, under the name that a row has for them already. One at a time
/// has them, in whatever process.
package final class FetchedFile {
    private let path: String
    private let descriptor: Int32
    /// How many bytes are there.
    package private(set) var have: Int64
    /// Of all bytes so far; nil where some were there before.
    private var hash: SHA256?

    /// Goes on with what is there.
    ///
    /// - Parameter have: how many bytes count. What is behind them was never said to be durable.
    /// - Throws: `StorageError`, also if somebody else is at work on them; `CancellationError`.
    package init(_ name: String, have: Int64, in folder: FileFolder) throws {
        // Who was told to stop must not begin: another one may be at work, or done.
        try Task.checkCancellation()
        try StoreFolder.make(folder.path)
        path = folder.file(name)
        descriptor = open(path, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw StorageError(path: path, reason: .cannotOpen(errno: errno)) }
        self.have = 0
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
            let code = errno
            close(descriptor)
            throw StorageError(path: path, reason: .cannotLock(errno: code))
        }
        var (status, named) = (stat(), stat())
        // A sweep may have had the lock before.
        guard fstat(descriptor, &status) == 0, lstat(path, &named) == 0, status.st_ino == named.st_ino else {
            close(descriptor)
            throw StorageError(path: path, reason: .cannotLock(errno: ENOENT))
        }
        self.have = Int64(status.st_size) >= have ? have : 0
        try cut()
        if self.have == 0 { hash = SHA256() }
    }

    deinit { close(descriptor) }

    private func cut() throws {
        guard ftruncate(descriptor, off_t(have)) == 0, lseek(descriptor, off_t(have), SEEK_SET) == off_t(have) else {
            throw StorageError(path: path, reason: .cannotOpen(errno: errno))
        }
    }

    /// Begins anew.
    package func begin() throws {
        have = 0
        hash = SHA256()
        try cut()
    }

    /// Appends bytes.
    package func write(_ bytes: [UInt8]) throws {
        guard Descriptor.write(bytes, to: descriptor) else {
            throw StorageError(path: path, reason: .cannotOpen(errno: errno))
        }
        hash?.update(bytes)
        have += Int64(bytes.count)
    }

    /// Takes away what came last: on a full disk nobody else could write.
    package func takeBack(to length: Int64) {
        have = min(have, length)
        hash = nil
        try? cut()
    }

    /// Makes all bytes durable.
    package func synchronize() throws {
        guard fsync(descriptor) == 0 else { throw StorageError(path: path, reason: .cannotOpen(errno: errno)) }
    }

    /// The SHA-256 of all bytes in hex. A large file takes seconds.
    package func sha256() async throws -> String {
        if var hash { return hash.finish() }
        var hash = SHA256()
        var position: Int64 = 0
        while position < have {
            let wanted = Int(min(Int64(FileDraft.chunk), have - position))
            guard let bytes = Descriptor.read(descriptor, at: position, upTo: wanted), !bytes.isEmpty else {
                throw StorageError(path: path, reason: .cannotOpen(errno: errno))
            }
            hash.update(bytes)
            position += Int64(bytes.count)
            try Task.checkCancellation()
            await Task.yield()
        }
        return hash.finish()
    }
}
