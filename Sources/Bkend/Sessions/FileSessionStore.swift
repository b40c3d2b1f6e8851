import BkendWire
import Foundation

/// Keeps a session in a file that only its owner can read (mode 0600). Any number of clients and processes can share
/// one file.
///
/// ```swift
/// let sessions = try FileSessionStore(path: folder.path + "/session.json")
/// let client = try BkendClient(url: serverURL, key: key, sessions: sessions)
/// ```
///
/// The store replaces a session atomically and durably: it writes a new file, syncs it to disk and renames it. A second
/// file whose name ends in `.lock` keeps processes from writing at the same time. If the session file can't be read
/// when a user signs in, the store keeps it under a name that ends in `.damaged`. Remove that file once you have looked
/// at it, because it may contain tokens.
public final class FileSessionStore: SessionStore {
    private let path: String
    private let folder: String

    /// Creates a store in a file. Creates the file's folder with mode 0700 if it doesn't exist.
    ///
    /// - Parameter path: the file's path, in a folder that belongs to the current system user.
    /// - Throws: `SessionStoreError` if the folder can't be created.
    public init(path: String) throws(SessionStoreError) {
        self.path = path
        let parent = URL(fileURLWithPath: path).deletingLastPathComponent().path
        folder = parent
        do {
            try FileManager.default.createDirectory(
                atPath: parent, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        } catch {
            throw SessionStoreError(
                "the session file's folder \(parent) can't be created: \((error as NSError).localizedDescription)")
        }
    }

    /// Reads the session, or nil if the file doesn't exist.
    ///
    /// - Throws: `SessionStoreError` if it can't be read, other users can read it, or it doesn't contain a session.
    public func load() async throws(SessionStoreError) -> Session? {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK)
        guard descriptor >= 0 else {
            if errno == ENOENT { return nil }
            // A file of this user's own that may not even be opened is of no more use than an empty one.
            throw failure("can't be opened", isDamage: errno == EACCES)
        }
        defer { close(descriptor) }
        var info = stat()
        guard fstat(descriptor, &info) == 0 else { throw failure("can't be read") }
        guard info.st_mode & S_IFMT == S_IFREG, info.st_size <= Self.largest else {
            throw SessionStoreError("\(path) isn't a session file; give the session store its own path")
        }
        guard info.st_mode & 0o077 == 0 else {
            throw SessionStoreError(
                "other users can read the session file \(path); run chmod 600 on it, or sign in again", isDamage: true)
        }
        var bytes = [UInt8](repeating: 0, count: Int(info.st_size))
        var count = 0
        while count < bytes.count {
            let part = bytes[count...].withUnsafeMutableBytes { read(descriptor, $0.baseAddress, $0.count) }
            if part < 0, errno == EINTR { continue }
            guard part > 0 else { throw failure("can't be read") }
            count += part
        }
        do { return try JSON(parsing: bytes).decode(Session.self) } catch {
            throw SessionStoreError("\(path) doesn't hold a readable session; sign in again", isDamage: true)
        }
    }

    /// Replaces the stored session, or removes the file if the session is nil.
    ///
    /// - Throws: `SessionStoreError`. The old session is still stored then.
    public func save(_ session: Session?) async throws(SessionStoreError) {
        guard let session else {
            guard unlink(path) == 0 || errno == ENOENT else { throw failure("can't be removed") }
            return try sync()
        }
        let bytes: [UInt8]
        do { bytes = try JSON(encoding: session).serialized() } catch {
            throw SessionStoreError("the session can't be encoded as JSON")
        }
        let draft = "\(path).\(UUID().uuidString).new"
        let descriptor = open(draft, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard descriptor >= 0 else { throw failure("can't be written") }
        let isWritten = write(bytes, to: descriptor) && fsync(descriptor) == 0
        let number = errno
        close(descriptor)
        guard isWritten, rename(draft, path) == 0 else {
            let failure = failure("can't be written", isWritten ? errno : number)
            unlink(draft)
            throw failure
        }
        try sync()
    }

    /// Sets an unreadable file aside under a name that ends in `.damaged`, with mode 0600. Replaces an earlier such
    /// file.
    ///
    /// - Throws: `SessionStoreError`
    public func setAside() async throws(SessionStoreError) {
        let kept = path + ".damaged"
        guard rename(path, kept) == 0 else {
            if errno == ENOENT { return }
            throw failure("can't be set aside")
        }
        chmod(kept, 0o600)
        try sync()
    }

    /// Runs `body` under a lock that works between processes. The system releases the lock when its process dies.
    public func exclusively<Result: Sendable>(
        _ body: @escaping @Sendable () async throws -> Result
    ) async throws -> Result {
        let descriptor = open(path + ".lock", O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard descriptor >= 0 else { throw failure("can't be locked") }
        defer { close(descriptor) }
        // Each opening has a lock of its own, so that this also holds between clients of one process.
        if flock(descriptor, LOCK_EX | LOCK_NB) != 0 {
            guard await Self.lock(descriptor) else { throw failure("can't be locked") }
        }
        return try await body()
    }

    /// Waits on a thread that has nothing else to do.
    private static func lock(_ descriptor: Int32) async -> Bool {
        await withCheckedContinuation { continuation in
            Thread.detachNewThread {
                var result: Int32
                repeat { result = flock(descriptor, LOCK_EX) } while result != 0 && errno == EINTR
                continuation.resume(returning: result == 0)
            }
        }
    }

    /// No session comes near it.
    private static let largest = 1 << 16

    private func write(_ bytes: [UInt8], to descriptor: Int32) -> Bool {
        var count = 0
        while count < bytes.count {
            let part = bytes[count...].withUnsafeBytes { Foundation.write(descriptor, $0.baseAddress, $0.count) }
            if part < 0, errno == EINTR { continue }
            guard part > 0 else { return false }
            count += part
        }
        return true
    }

    /// Brings the folder to the disk: only then does a rename outlive a power cut.
    private func sync() throws(SessionStoreError) {
        let descriptor = open(folder, O_RDONLY | O_CLOEXEC | O_DIRECTORY)
        guard descriptor >= 0 else { throw failure("can't be synced to disk") }
        defer { close(descriptor) }
        guard fsync(descriptor) == 0 else { throw failure("can't be synced to disk") }
    }

    private func failure(_ what: String, _ number: Int32 = errno, isDamage: Bool = false) -> SessionStoreError {
        SessionStoreError(
            "the session file \(path) \(what): \(String(cString: strerror(number)))", isDamage: isDamage)
    }
}
