#if Server
import Foundation

/// Files and folders that only their owner may open.
enum PrivateFile {
    /// Makes a folder with mode 0700; one that is there stays as it is.
    static func makeFolder(_ path: String) throws(OperatorError) {
        if mkdir(path, 0o700) == 0 || errno == EEXIST { return }
        throw failure("can't make the folder", path)
    }

    /// Makes an empty file with mode 0600 unless it is there. SQLite gives `-wal` and `-shm` the mode of the database.
    static func make(_ path: String) throws(OperatorError) {
        let descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw failure("can't open", path) }
        close(descriptor)
    }

    /// Moves a file to a name that nothing may have yet; false when something has it.
    static func publish(_ path: String, as final: String) throws(OperatorError) -> Bool {
        defer { unlink(path) }
        if link(path, final) == 0 { return true }
        if errno == EEXIST { return false }
        throw failure("can't make", final)
    }

    static func failure(_ what: String, _ path: String) -> OperatorError {
        OperatorError("\(what) \(path): \(String(cString: strerror(errno)))")
    }
}
#endif
