import Crypto
import Foundation
import NIOCore
import NIOPosix
import Synchronization

/// Objects as files of a folder, mode 0600 in one of mode 0700. An object is written to `NAME.part` under a lock (flock(2)),
/// synced, renamed to `NAME`, and the folder synced; the lock is held until a row names it. So whoever gets the lock of a
/// file that no row names may delete it: nobody is at work on it.
final class ObjectFolder: ObjectStorage {
    private let path: String
    /// What may block does so on threads of its own: waiting for a disk must not hold up who waits for the network.
    private let threads: NIOThreadPool
    /// Since when this process has seen objects lie aside.
    private let aside = AsideObjects()

    /// The suffix of what isn't finished.
    static let draftSuffix = ".part"
    /// Where objects lie that no row names, until they are deleted.
    static let asideName = "unclaimed"
    /// For how long, as this process has seen them there: no clock that jumps deletes what an operator may want back.
    static let asideTime = Duration.seconds(7 * 86_400)
    /// Whoever sweeps or copies the folder holds this file's lock.
    static let lockName = ".lock"

    /// Makes the folder when it isn't there; the one around it must be.
    init(_ path: String, threads: NIOThreadPool = .singleton) throws(OperatorError) {
        try PrivateFile.makeFolder(path)
        // Made now: on a full disk it couldn't be.
        try PrivateFile.makeFolder("\(path)/\(Self.asideName)")
        self.path = path
        self.threads = threads
    }

    func begin(bytes: Int?) async throws -> any ObjectDraft {
        let (path, threads) = (path, threads)
        return try await threads.runIfActive { try FolderDraft(in: path, threads: threads) }
    }

    func open(_ name: String, for range: Range<Int>) async throws -> any ObjectReader {
        guard Self.isName(name) else { throw ObjectFailure(description: "\(name) is no name of an object") }
        let (file, threads) = ("\(path)/\(name)", threads)
        return try await threads.runIfActive { try FolderReader(file, threads: threads) }
    }

    func delete(_ names: [String]) async throws -> Bool {
        let path = path
        return try await threads.runIfActive {
            // Who copies the folder needs what its copy of the database names.
            guard let lock = try FolderLock(path, isWaiting: false) else { return false }
            defer { lock.release() }
            for name in names where Self.isName(name) {
                guard unlink("\(path)/\(name)") == 0 || errno == ENOENT else {
                    throw ObjectFailure.last("can't delete", "\(path)/\(name)")
                }
            }
            return true
        }
    }

    func sweep(unnamed: @escaping @Sendable ([String]) throws -> [String]) async throws -> SweptObjects {
        let (path, aside) = (path, aside)
        return try await threads.runIfActive { try FolderSweep(path: path, aside: aside, unnamed: unnamed).run() }
    }

    /// Whether a text is an object's name: 32 hex digits.
    static func isName(_ text: some StringProtocol) -> Bool {
        text.utf8.count == 32 && text.utf8.allSatisfy { (0x30...0x39).contains($0) || (0x61...0x66).contains($0) }
    }
}

/// An object on its way into a folder.
private final class FolderDraft: ObjectDraft {
    private struct State {
        var descriptor: Int32
        var hash = SHA256()
        /// Where it lies now; nil when it needs nobody to delete it.
        var file: String?
    }

    let name: String
    let piece = 128 << 10
    private let folder: String
    private let threads: NIOThreadPool
    private let state: Mutex<State>

    init(in folder: String, threads: NIOThreadPool) throws {
        self.folder = folder
        self.threads = threads
        var opened: (name: String, descriptor: Int32)?
        while opened == nil { opened = try Self.make(in: folder) }
        guard let opened else { throw ObjectFailure(description: "can't make a file in \(folder)") }
        name = opened.name
        state = Mutex(
            State(descriptor: opened.descriptor, file: "\(folder)/\(opened.name)\(ObjectFolder.draftSuffix)"))
    }

    /// A new file with its lock; nil when a sweep was faster and has deleted it.
    private static func make(in folder: String) throws -> (name: String, descriptor: Int32)? {
        let name = FileKey.randomDigits(16)
        let file = "\(folder)/\(name)\(ObjectFolder.draftSuffix)"
        let descriptor = open(file, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw ObjectFailure.last("can't make", file) }
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
            let number = errno
            close(descriptor)
            if number == EWOULDBLOCK || number == EINTR { return nil }
            errno = number
            throw ObjectFailure.last("can't lock", file)
        }
        if access(file, F_OK) == 0 { return (name, descriptor) }
        close(descriptor)
        return nil
    }

    deinit {
        state.withLock { state in
            if let file = state.file { unlink(file) }
            if state.descriptor >= 0 { close(state.descriptor) }
        }
    }

    func write(_ bytes: ByteBuffer) async throws {
        try await threads.runIfActive { [self] in
            try bytes.withUnsafeReadableBytes { bytes in
                try state.withLock { state in
                    var rest = bytes[...]
                    while !rest.isEmpty {
                        let piece = UnsafeRawBufferPointer(rebasing: rest)
                        let count = Foundation.write(state.descriptor, piece.baseAddress, piece.count)
                        if count < 0, errno == EINTR { continue }
                        guard count > 0 else { throw ObjectFailure.last("can't write", state.file ?? "") }
                        rest = rest.dropFirst(count)
                    }
                    state.hash.update(bufferPointer: bytes)
                }
            }
        }
    }

    func store() async throws -> Data {
        try await threads.runIfActive { [self] in
            try state.withLock { state in
                guard let draft = state.file else { return Data() }
                guard fsync(state.descriptor) == 0 else { throw ObjectFailure.last("can't sync", draft) }
                let file = "\(folder)/\(name)"
                guard rename(draft, file) == 0 else { throw ObjectFailure.last("can't rename", draft) }
                state.file = file
                // A name is durable once its folder is.
                let descriptor = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
                guard descriptor >= 0 else { throw ObjectFailure.last("can't open", folder) }
                defer { close(descriptor) }
                guard fsync(descriptor) == 0 else { throw ObjectFailure.last("can't sync", folder) }
                return Data(state.hash.finalize())
            }
        }
    }

    func release() {
        state.withLock { state in
            state.file = nil
            close(state.descriptor)
            state.descriptor = -1
        }
    }

    func discard() async {
        _ = try? await threads.runIfActive { [self] in
            state.withLock { state in
                if let file = state.file { unlink(file) }
                state.file = nil
            }
        }
    }
}

/// An object of a folder, open.
final class FolderReader: ObjectReader {
    private let descriptor: Int32
    private let file: String
    private let threads: NIOThreadPool

    init(_ file: String, threads: NIOThreadPool) throws {
        descriptor = Foundation.open(file, O_RDONLY | O_NOFOLLOW | O_CLOEXEC)
        self.file = file
        self.threads = threads
        guard descriptor >= 0 else { throw ObjectFailure.last("can't open", file) }
    }

    /// How many bytes it has.
    var size: Int {
        var status = stat()
        return fstat(descriptor, &status) == 0 ? Int(status.st_size) : 0
    }

    deinit { if descriptor >= 0 { close(descriptor) } }

    func read(at offset: Int, count: Int) async throws -> ByteBuffer {
        try await threads.runIfActive { [self] in
            var buffer = ByteBuffer()
            buffer.reserveCapacity(count)
            while buffer.readableBytes < count {
                let start = offset + buffer.readableBytes
                var number: Int32 = 0
                let got = buffer.writeWithUnsafeMutableBytes(minimumWritableBytes: 0) { room in
                    let wanted = min(room.count, count - (start - offset))
                    let got = pread(descriptor, room.baseAddress, wanted, off_t(start))
                    if got < 0 { number = errno }
                    return max(0, got)
                }
                if number == EINTR { continue }
                if number != 0 {
                    errno = number
                    throw ObjectFailure.last("can't read", file)
                }
                if got == 0 { break }
            }
            return buffer
        }
    }
}

/// One look at everything that lies in a folder of objects.
private struct FolderSweep {
    let path: String
    let aside: AsideObjects
    let unnamed: @Sendable ([String]) throws -> [String]

    /// How many names are looked up at once.
    private static let batch = 200

    func run() throws -> SweptObjects {
        guard let lock = try FolderLock(path, isWaiting: false) else { return SweptObjects() }
        defer { lock.release() }
        guard let folder = opendir(path) else { throw ObjectFailure.last("can't list", path) }
        defer { closedir(folder) }
        var swept = SweptObjects(deleted: deleteOld())
        var names: [String] = []
        while let entry = readdir(folder) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) {
                $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            guard ObjectFolder.isName(Self.object(name)) else { continue }
            names.append(name)
            if names.count == Self.batch {
                try take(names, &swept)
                names = []
            }
        }
        try take(names, &swept)
        return swept
    }

    /// Deletes what has been aside for long.
    private func deleteOld() -> Int {
        let folder = "\(path)/\(ObjectFolder.asideName)"
        let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
        return aside.old(among: names.filter(ObjectFolder.isName)).count { unlink("\(folder)/\($0)") == 0 }
    }

    private static func object(_ file: String) -> Substring {
        file.hasSuffix(ObjectFolder.draftSuffix) ? file.dropLast(ObjectFolder.draftSuffix.count) : file[...]
    }

    private func take(_ files: [String], _ swept: inout SweptObjects) throws {
        let candidates = Set(try unnamed(files.map { String(Self.object($0)) }))
        for file in files where candidates.contains(String(Self.object(file))) {
            let descriptor = open("\(path)/\(file)", O_RDONLY | O_NOFOLLOW | O_CLOEXEC)
            guard descriptor >= 0 else { continue }
            defer { close(descriptor) }
            // Whoever writes it, or is about to name it, holds its lock. Only what is looked up after that counts.
            guard flock(descriptor, LOCK_EX | LOCK_NB) == 0,
                !(try unnamed([String(Self.object(file))])).isEmpty
            else { continue }
            if file.hasSuffix(ObjectFolder.draftSuffix) {
                if unlink("\(path)/\(file)") == 0 { swept.deleted += 1 }
            } else {
                // One that can't be moved doesn't keep the others.
                if rename("\(path)/\(file)", "\(path)/\(ObjectFolder.asideName)/\(file)") == 0 { swept.putAside += 1 }
            }
        }
    }
}

/// Since when objects have been seen aside, by a clock that nobody sets.
final class AsideObjects: Sendable {
    private let seen = Mutex<[String: ContinuousClock.Instant]>([:])

    /// Those of the names that are there which have been there for long.
    func old(among names: [String], now: ContinuousClock.Instant = .now) -> [String] {
        seen.withLock { seen in
            let known = seen
            seen = Dictionary(uniqueKeysWithValues: names.map { ($0, known[$0] ?? now) })
            return names.filter { name in
                known[name].map { $0.duration(to: now) >= ObjectFolder.asideTime } ?? false
            }
        }
    }
}

/// The lock of a whole folder of objects: a sweep holds it, and who copies the folder.
struct FolderLock {
    private let descriptor: Int32

    /// Takes the lock; nil when another has it.
    ///
    /// - Parameter isWaiting: whether to wait for who has it.
    /// - Throws: `ObjectFailure` when there can't be one.
    init?(_ path: String, isWaiting: Bool) throws {
        let file = "\(path)/\(ObjectFolder.lockName)"
        descriptor = open(file, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw ObjectFailure.last("can't open", file) }
        while flock(descriptor, LOCK_EX | (isWaiting ? 0 : LOCK_NB)) != 0 {
            let number = errno
            if number == EINTR { continue }
            close(descriptor)
            if number == EWOULDBLOCK { return nil }
            errno = number
            throw ObjectFailure.last("can't lock", file)
        }
    }

    /// Gives it back.
    func release() { close(descriptor) }
}
