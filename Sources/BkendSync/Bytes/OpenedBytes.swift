import Foundation

/// A file of a store that somebody reads: its bytes stay until this is gone. They aren't taken for making room, since the
/// lock is shared, and if the file is deleted they can still be read.
package final class OpenedBytes: Sendable {
    /// Where the bytes are.
    package let path: String
    private let descriptor: Int32

    /// The bytes of a name; nil where they are gone.
    init?(_ name: String, in folder: FileFolder) {
        path = folder.file(name)
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW)
        guard descriptor >= 0 else { return nil }
        var code: Int32 = 0
        repeat { code = flock(descriptor, LOCK_SH) } while code != 0 && errno == EINTR
        // Who makes room may have had the lock before.
        guard code == 0, access(path, F_OK) == 0 else {
            close(descriptor)
            return nil
        }
        self.descriptor = descriptor
    }

    deinit { close(descriptor) }

    /// All bytes.
    ///
    /// - Throws: `StoreError`
    package func data() throws -> Data {
        var bytes = Data()
        while true {
            guard let chunk = Descriptor.read(descriptor, at: Int64(bytes.count), upTo: FileDraft.chunk) else {
                throw StoreError(.file(.unreadable(String(cString: strerror(errno)))))
            }
            if chunk.isEmpty { return bytes }
            bytes += chunk
        }
    }
}

extension FileFolder {
    /// Takes bytes away that are here only for convenience, unless somebody reads them.
    func evict(_ name: String) -> Bool {
        let descriptor = open(file(name), O_RDONLY | O_CLOEXEC | O_NOFOLLOW)
        // They are gone already.
        guard descriptor >= 0 else { return errno == ENOENT }
        defer { close(descriptor) }
        return flock(descriptor, LOCK_EX | LOCK_NB) == 0 && unlink(file(name)) == 0
    }
}
