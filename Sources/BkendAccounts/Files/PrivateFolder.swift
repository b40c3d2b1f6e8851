import Foundation

/// A folder of the server's own secrets: mode 0700, its files 0600, and each file there as a whole or not at all, also
/// after a power cut.
struct PrivateFolder: Sendable {
    let path: String

    /// The folder at a path, made when it isn't there.
    init(_ path: String) throws(AccountsFailure) {
        self.path = path
        guard mkdir(path, 0o700) == 0 || errno == EEXIST else { throw Self.failure("can't make the folder", path) }
    }

    /// Writes a new file of that name, or replaces the one that is there.
    func replace(_ name: String, with bytes: [UInt8], draft: String) throws(AccountsFailure) {
        let temporary = try write(bytes, draft: draft)
        guard rename(temporary, "\(path)/\(name)") == 0 else {
            let failure = Self.failure("can't replace", "\(path)/\(name)")
            unlink(temporary)
            throw failure
        }
        try sync()
    }

    /// Writes a new file of that name; false, and nothing is changed, when something has the name.
    func create(_ name: String, with bytes: [UInt8], draft: String) throws(AccountsFailure) -> Bool {
        let temporary = try write(bytes, draft: draft)
        defer { unlink(temporary) }
        guard link(temporary, "\(path)/\(name)") == 0 else {
            if errno == EEXIST { return false }
            throw Self.failure("can't make", "\(path)/\(name)")
        }
        try sync()
        return true
    }

    /// The bytes of a file that only its owner can read; nil when there is none.
    ///
    /// - Throws: `AccountsFailure` when it is a link or no file, others may read it, or it is larger than 1 MiB.
    func read(_ name: String) throws(AccountsFailure) -> [UInt8]? {
        let file = "\(path)/\(name)"
        let descriptor = open(file, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0 else {
            if errno == ENOENT { return nil }
            throw Self.failure("can't open", file)
        }
        defer { close(descriptor) }
        var info = stat()
        guard fstat(descriptor, &info) == 0, info.st_mode & S_IFMT == S_IFREG else {
            throw AccountsFailure("\(file) is not a file")
        }
        guard info.st_mode & 0o077 == 0, info.st_uid == geteuid() else {
            throw AccountsFailure("\(file) can be read by others: give it to the server's user, with mode 0600")
        }
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 16_384)
        while true {
            let count = Foundation.read(descriptor, &chunk, chunk.count)
            if count == 0 { return bytes }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { throw Self.failure("can't read", file) }
            bytes += chunk[..<count]
            guard bytes.count <= 1 << 20 else { throw AccountsFailure("\(file) is larger than 1 MiB") }
        }
    }

    /// Runs `body` while no other process runs one under that lock.
    func withLock<Result>(_ name: String, _ body: () throws -> Result) throws -> Result {
        let file = "\(path)/\(name)"
        let descriptor = open(file, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard descriptor >= 0 else { throw Self.failure("can't open", file) }
        // Closing the descriptor drops the lock.
        defer { close(descriptor) }
        while flock(descriptor, LOCK_EX) != 0 {
            guard errno == EINTR else { throw Self.failure("can't lock", file) }
        }
        return try body()
    }

    private func write(_ bytes: [UInt8], draft: String) throws(AccountsFailure) -> String {
        let temporary = "\(path)/.\(draft).new"
        let descriptor = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw Self.failure("can't make", temporary) }
        defer { close(descriptor) }
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { Foundation.write(descriptor, $0.baseAddress, $0.count) }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { throw Self.discard(temporary) }
            rest = rest.dropFirst(count)
        }
        guard fsync(descriptor) == 0 else { throw Self.discard(temporary) }
        return temporary
    }

    private static func discard(_ file: String) -> AccountsFailure {
        let failure = failure("can't write", file)
        unlink(file)
        return failure
    }

    /// A name is durable once its folder is.
    private func sync() throws(AccountsFailure) {
        let descriptor = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { throw Self.failure("can't open", path) }
        defer { close(descriptor) }
        guard fsync(descriptor) == 0 else { throw Self.failure("can't sync", path) }
    }

    private static func failure(_ what: String, _ path: String) -> AccountsFailure {
        AccountsFailure("\(what) \(path): \(String(cString: strerror(errno)))")
    }
}
