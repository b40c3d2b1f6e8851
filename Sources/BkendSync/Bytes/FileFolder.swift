import BkendDocuments
import Foundation
import Synchronization

/// The bytes of a store's files: a folder beside its database, one file a row, mode 0600, under a random name, never
/// changed.
///
/// A file is written to `NAME.part` under a lock (flock(2)), synced, renamed to `NAME`, and the folder synced; the lock is
/// held until a row names it. So whoever gets the lock of a file that no row names may delete it: nobody is at work on it,
/// in whatever process.
package final class FileFolder: Sendable {
    /// Where it is. The folder is made with the first file.
    package let path: String
    /// The bytes that are free on the disk, nil where nobody can say.
    let freeBytes: @Sendable (_ path: String) -> Int64?
    /// The bytes of files that are being written.
    private let reserved = Mutex<Int64>(0)

    /// The suffix of what isn't finished.
    static let draftSuffix = ".part"
    /// The suffixes of what comes from the server, in part and whole. It is never put aside: it can come again.
    static let (downloadSuffix, cachedSuffix) = (".download", ".cached")
    /// Where files lie that no row names after rows were lost.
    static let asideName = "unclaimed"
    /// The file whose lock holds every sweep; see `SweepHold`.
    static let holdName = ".held"
    /// Where it lies, beside the database.
    static let folderName = "files"

    /// A store's folder.
    ///
    /// - Parameter freeBytes: another view of the disk, for tests.
    package init(_ path: String, freeBytes: @escaping @Sendable (String) -> Int64? = FileFolder.systemFreeBytes) {
        self.path = path
        self.freeBytes = freeBytes
    }

    /// The bytes that are free for this user on the disk of a path, or of the folder around it.
    package static func systemFreeBytes(_ path: String) -> Int64? {
        var status = statvfs()
        if statvfs(path, &status) != 0 {
            let around = URL(fileURLWithPath: path).deletingLastPathComponent().path
            guard statvfs(around, &status) == 0 else { return nil }
        }
        return Int64(
            clamping: UInt64(status.f_bavail).multipliedReportingOverflow(by: UInt64(status.f_frsize)).partialValue)
    }

    /// Where the bytes of a name lie.
    package func file(_ name: String) -> String { path + "/" + name }

    /// The names in the folder that are those of bytes, finished or not.
    func names() throws -> [String] {
        guard access(path, F_OK) == 0 else { return [] }
        return try FileManager.default.contentsOfDirectory(atPath: path)
            .filter { $0 != Self.asideName && $0 != Self.holdName }.sorted()
    }

    /// Begins to write a file.
    func draft() throws -> FileDraft {
        try StoreFolder.make(path)
        while true {
            if let draft = try FileDraft(in: self) { return draft }
        }
    }

    /// Deletes bytes that no row names any more. What can't be deleted now, the next sweep finds.
    func remove(_ names: [String]) { for name in names { unlink(file(name)) } }

    /// Gives bytes that came whole a name of their own, so that nobody who is late goes on with them.
    ///
    /// - Returns: the name; nil where the bytes are gone.
    func finish(download name: String) throws -> String? {
        let whole = String(name.dropLast(Self.downloadSuffix.count)) + Self.cachedSuffix
        guard rename(file(name), file(whole)) == 0 else {
            if errno == ENOENT { return nil }
            throw StorageError(path: file(name), reason: .cannotOpen(errno: errno))
        }
        // A name is durable once its folder is.
        try StoreFolder.sync(of: file(whole))
        return whole
    }

    // MARK: Room

    /// Holds room for bytes that are about to be written.
    ///
    /// - Parameters:
    ///   - waiting: the bytes that wait for the server already; nil for bytes that come from there.
    ///   - makeRoom: makes so many bytes free, if it can.
    /// - Throws: `LocalFileProblem.noRoom`
    func reserve(
        _ bytes: Int64, waiting: Int64?, _ limits: FileLimits, makeRoom: (Int64) throws -> Void
    ) throws -> ReservedRoom {
        let others = reserved.withLock { reserved in
            defer { reserved += bytes }
            return reserved
        }
        let room = ReservedRoom(bytes, in: self)
        if let waiting, waiting + others + bytes > limits.waiting {
            throw StoreError(.file(.noRoom("\(waiting + others) bytes wait for the server, of \(limits.waiting)")))
        }
        func missing() -> Int64 { freeBytes(path).map { others + bytes + limits.free - $0 } ?? 0 }
        if missing() > 0 { try makeRoom(missing()) }
        if missing() > 0 { throw StoreError(.file(.noRoom("the disk would have less than \(limits.free) bytes left"))) }
        return room
    }

    fileprivate func release(_ bytes: Int64) { reserved.withLock { $0 -= bytes } }

    // MARK: Sweeping

    /// Takes a file away that no row names, if nobody is at work on it.
    ///
    /// - Parameters:
    ///   - isAside: whether it is kept elsewhere: rows were lost, and with them perhaps its own.
    ///   - isNamed: whether a row names it. Asked when its lock is held, and not before: until then a row may come.
    func sweep(_ name: String, aside isAside: Bool, isNamed: (String) throws -> Bool) throws -> SweptFile {
        guard let hold = try SweepHold(self, isShared: false) else { return .busy }
        defer { withExtendedLifetime(hold) {} }
        let file = file(name)
        let descriptor = open(file, O_RDONLY | O_CLOEXEC | O_NOFOLLOW)
        guard descriptor >= 0 else { return .passed }
        defer { close(descriptor) }
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else { return .busy }
        let isDraft = name.hasSuffix(Self.draftSuffix)
        // A draft that was renamed meanwhile is no draft any more.
        guard access(file, F_OK) == 0, try isDraft || !isNamed(name) else { return .passed }
        guard isAside, !isDraft, !name.hasSuffix(Self.downloadSuffix), !name.hasSuffix(Self.cachedSuffix) else {
            unlink(file)
            return .passed
        }
        try StoreFolder.make(self.file(Self.asideName))
        // While it can't be moved, the sweep isn't done: another one must not take it for what a kill has left.
        guard rename(file, self.file(Self.asideName) + "/" + name) == 0 || errno == ENOENT else {
            throw StorageError(path: file, reason: .cannotOpen(errno: errno))
        }
        return .aside
    }
}

/// What a sweep did with a file.
enum SweptFile {
    /// Nothing, or it deleted it.
    case passed
    /// Put it aside.
    case aside
    /// Somebody is at work on it.
    case busy
}

/// Keeps every sweep of a folder, in whatever process, from taking anything: for names that rows will have in a moment,
/// however many there are. A sweep itself has it alone, for one name.
final class SweepHold {
    private let descriptor: Int32

    /// Nil where it is to be had alone, and somebody has it.
    init?(_ folder: FileFolder, isShared: Bool = true) throws {
        let file = folder.file(FileFolder.holdName)
        let descriptor = open(file, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw StorageError(path: file, reason: .cannotOpen(errno: errno)) }
        var code: Int32 = 0
        repeat { code = flock(descriptor, isShared ? LOCK_SH : LOCK_EX | LOCK_NB) } while code != 0 && errno == EINTR
        guard code == 0 else {
            let number = errno
            close(descriptor)
            if number == EWOULDBLOCK { return nil }
            throw StorageError(path: file, reason: .cannotLock(errno: number))
        }
        self.descriptor = descriptor
    }

    deinit { close(descriptor) }
}

/// Room that is held for bytes, until it is let go.
package final class ReservedRoom: Sendable {
    private let bytes: Int64
    private let folder: FileFolder

    init(_ bytes: Int64, in folder: FileFolder) {
        self.bytes = bytes
        self.folder = folder
    }

    deinit { folder.release(bytes) }
}
