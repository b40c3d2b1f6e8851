import Foundation
import GRDB

/// The database's file: created for its owner alone, and never through a symbolic link.
enum DatabaseFile {
    /// Checks the file that is there, without changing anything.
    static func check(_ path: String) throws {
        let existing = open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK)
        guard existing >= 0 else { throw StorageError(path: path, reason: .cannotOpen(errno: errno)) }
        defer { close(existing) }
        var status = stat()
        guard fstat(existing, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
            throw StorageError(path: path, reason: .notAPlainFile)
        }
    }

    /// Creates the file with mode 0600, or checks and tightens the one that is there. SQLite gives `-wal` and `-shm`
    /// the database's mode.
    static func prepare(_ path: String) throws {
        let created = open(path, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0o600)
        if created >= 0 {
            close(created)
            return
        }
        guard errno == EEXIST else { throw StorageError(path: path, reason: .cannotOpen(errno: errno)) }
        let existing = open(path, O_RDWR | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK)
        guard existing >= 0 else { throw StorageError(path: path, reason: .cannotOpen(errno: errno)) }
        // Closing a descriptor drops this process's POSIX locks on the file, so this runs before SQLite opens it.
        defer { close(existing) }
        var status = stat()
        guard fstat(existing, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
            throw StorageError(path: path, reason: .notAPlainFile)
        }
        if status.st_mode & 0o077 != 0 { fchmod(existing, 0o600) }
    }
}
