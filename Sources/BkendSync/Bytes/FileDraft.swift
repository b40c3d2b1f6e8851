import BkendDocuments
import Foundation

/// What a file that was written is.
package struct WrittenBytes: Hashable, Sendable {
    /// Its name in the folder.
    package var name: String
    /// The number of bytes.
    package var size: Int64
    /// The SHA-256 in hex.
    package var sha256: String

    /// Bytes that are on disk.
    package init(name: String, size: Int64, sha256: String) {
        self.name = name
        self.size = size
        self.sha256 = sha256
    }
}

/// A file on its way into a store's folder. Its lock is held until `release`, when a row names it; without that it goes
/// again.
final class FileDraft {
    /// The name that the bytes will have.
    let name: String
    private let folder: FileFolder
    private var descriptor: Int32
    private var hash = SHA256()
    private var size: Int64 = 0
    /// Where it lies now; nil when it needs nobody to delete it.
    private var file: String?

    /// How many bytes are read and written at once.
    static let chunk = 256 << 10

    /// A new file with its lock; nil when a sweep was faster and has deleted it.
    init?(in folder: FileFolder) throws {
        name = Self.newName()
        self.folder = folder
        let file = folder.file(name + FileFolder.draftSuffix)
        descriptor = open(file, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw Self.failure(file) }
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
            let code = errno
            close(descriptor)
            if code == EWOULDBLOCK || code == EINTR { return nil }
            throw StorageError(path: file, reason: .cannotLock(errno: code))
        }
        guard access(file, F_OK) == 0 else {
            close(descriptor)
            return nil
        }
        self.file = file
    }

    /// A name that nobody has: 128 random bits in hex.
    static func newName() -> String {
        (0..<2).map { _ in
            let digits = String(UInt64.random(in: .min ... .max), radix: 16)
            return String(repeating: "0", count: 16 - digits.count) + digits
        }.joined()
    }

    deinit {
        if let file { unlink(file) }
        if descriptor >= 0 { close(descriptor) }
    }

    /// What the system refused last.
    private static func failure(_ path: String) -> any Error {
        let code = errno
        if code == ENOSPC || code == EDQUOT { return StoreError(.file(.noRoom("the disk is full"))) }
        return StorageError(path: path, reason: .cannotOpen(errno: code))
    }

    /// Begins anew: nothing of what was written stays.
    func rewind() throws {
        guard ftruncate(descriptor, 0) == 0, lseek(descriptor, 0, SEEK_SET) == 0 else { throw Self.failure(file ?? "") }
        hash = SHA256()
        size = 0
    }

    /// Appends bytes.
    func write(_ bytes: [UInt8]) throws {
        guard Descriptor.write(bytes, to: descriptor) else { throw Self.failure(file ?? "") }
        hash.update(bytes)
        size += Int64(bytes.count)
    }

    /// Makes the bytes durable under their name. A sync that fails leaves nothing: nobody knows what is on the disk then.
    func finish() throws -> WrittenBytes {
        guard let draft = file, fsync(descriptor) == 0 else { throw Self.failure(file ?? "") }
        let named = folder.file(name)
        guard rename(draft, named) == 0 else { throw Self.failure(draft) }
        file = named
        // A name is durable once its folder is.
        try StoreFolder.sync(of: named)
        return WrittenBytes(name: name, size: size, sha256: hash.finish())
    }

    /// A row names the bytes.
    func release() {
        file = nil
        close(descriptor)
        descriptor = -1
    }
}
