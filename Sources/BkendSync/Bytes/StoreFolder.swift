import BkendDocuments
import Foundation

/// The folder of a store. A name in a folder is durable only once the folder was synced.
enum StoreFolder {
    /// Makes the folder with mode 0700 unless it is there.
    static func make(_ path: String) throws {
        if mkdir(path, 0o700) == 0 { return try sync(of: path) }
        guard errno == EEXIST else { throw StorageError(path: path, reason: .cannotOpen(errno: errno)) }
        var status = stat()
        guard stat(path, &status) == 0, status.st_mode & S_IFMT == S_IFDIR else {
            throw StorageError(path: path, reason: .cannotOpen(errno: ENOTDIR))
        }
    }

    /// Syncs the folder that holds a file.
    static func sync(of file: String) throws {
        let path = URL(fileURLWithPath: file).deletingLastPathComponent().path
        let descriptor = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { throw StorageError(path: path, reason: .cannotOpen(errno: errno)) }
        defer { close(descriptor) }
        if fsync(descriptor) != 0 { throw StorageError(path: path, reason: .cannotOpen(errno: errno)) }
    }

    /// Puts a file on disk in one piece, in the place of the one that is there.
    static func write(_ bytes: [UInt8], to path: String) throws {
        let draft = path + ".draft"
        let descriptor = open(draft, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard descriptor >= 0 else { throw StorageError(path: draft, reason: .cannotOpen(errno: errno)) }
        defer { close(descriptor) }
        let written = bytes.withUnsafeBytes { Foundation.write(descriptor, $0.baseAddress, $0.count) }
        guard written == bytes.count, fsync(descriptor) == 0, rename(draft, path) == 0 else {
            throw StorageError(path: draft, reason: .cannotOpen(errno: errno))
        }
        try sync(of: path)
    }

    /// A file's size, nil when there is none.
    ///
    /// - Throws: when the system can't say: that a file is missing is never concluded from an error.
    static func size(of path: String) throws -> Int64? {
        var status = stat()
        if stat(path, &status) == 0 { return Int64(status.st_size) }
        if errno == ENOENT { return nil }
        throw StorageError(path: path, reason: .cannotOpen(errno: errno))
    }
}
