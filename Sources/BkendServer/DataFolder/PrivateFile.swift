import Foundation

/// Files and folders that only their owner may open.
enum PrivateFile {
    /// Makes a folder with mode 0700; one that is there stays as it is. It is on the disk when this returns, and so what is
    /// synced in it later can be found there. One that is there may have been made by a process that was killed before it
    /// synced it.
    static func makeFolder(_ path: String) throws(OperatorError) {
        let isNew = mkdir(path, 0o700) == 0
        guard isNew || errno == EEXIST else { throw failure("can't make the folder", path) }
        do throws(OperatorError) { try syncName(of: path) } catch {
            // The folder around one that an operator has made may be closed to the server.
            if isNew || error.reason != .denied { throw error }
        }
    }

    /// Makes the name of a file or folder durable: a name is, once the folder around it was synced.
    static func syncName(of path: String) throws(OperatorError) {
        let parent = URL(fileURLWithPath: path).deletingLastPathComponent().path
        let descriptor = open(parent, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { throw failure("can't open the folder", parent) }
        defer { close(descriptor) }
        guard fsync(descriptor) == 0 else { throw failure("can't sync the folder", parent) }
    }

    /// Makes a new, empty file with mode 0600; what has the name, a link too, is an error. SQLite gives `-wal` and `-shm`
    /// the mode of the database.
    static func make(_ path: String) throws(OperatorError) { close(try create(path)) }

    /// Makes a new file with mode 0600, and opens it to write.
    private static func create(_ path: String) throws(OperatorError) -> Int32 {
        let descriptor = open(path, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw failure("can't make", path) }
        return descriptor
    }

    /// Opens a file to write it anew, with mode 0600. A file that is there goes, and with it who else may read it. A link
    /// is refused: what it leads to would be lost, or made where nobody looks for it. A device or pipe is written to.
    static func openAnew(_ path: String) throws(OperatorError) -> Int32 {
        try checkNoLink(path)
        guard let status = FileStatus(path) else { return try create(path) }
        if status.isFile {
            guard unlink(path) == 0 || errno == ENOENT else { throw failure("can't replace", path) }
            return try create(path)
        }
        let descriptor = open(path, O_WRONLY | O_NOFOLLOW | O_CLOEXEC)
        guard descriptor >= 0 else { throw failure("can't write", path) }
        return descriptor
    }

    /// Opens a file to write at its end; it is made with mode 0600 when it isn't there. A link to a file may be meant
    /// (`/dev/stdout` is one); nothing is made through one that leads nowhere.
    static func openToAppend(_ path: String) throws(OperatorError) -> Int32 {
        let existing = open(path, O_WRONLY | O_APPEND | O_CLOEXEC)
        if existing >= 0 { return existing }
        guard errno == ENOENT else { throw failure("can't write", path) }
        if FileStatus(path)?.isLink == true { throw OperatorError("\(path) is a link that leads nowhere") }
        let descriptor = open(path, O_WRONLY | O_APPEND | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw failure("can't make", path) }
        return descriptor
    }

    /// Refuses a symbolic link.
    static func checkNoLink(_ path: String) throws(OperatorError) {
        guard FileStatus(path)?.isLink == true else { return }
        throw OperatorError("\(path) is a link; give the path of the file itself")
    }

    /// Moves a file to a name that nothing may have yet; false when something has it. The name is on the disk when this
    /// returns.
    static func publish(_ path: String, as final: String) throws(OperatorError) -> Bool {
        let number = link(path, final) == 0 ? 0 : errno
        unlink(path)
        if number == EEXIST { return false }
        guard number == 0 else {
            errno = number
            throw failure("can't make", final)
        }
        do throws(OperatorError) { try syncName(of: final) } catch {
            // Whoever calls takes it for not made, and tries again.
            unlink(final)
            throw error
        }
        return true
    }

    static func failure(_ what: String, _ path: String) -> OperatorError {
        let reason: OperatorError.Reason =
            switch errno {
            case ENOENT: .missing
            case EACCES, EPERM, EROFS: .denied
            // It is a link.
            case ELOOP: .refused
            default: .storage
            }
        return OperatorError("\(what) \(path): \(String(cString: strerror(errno)))", reason)
    }
}
