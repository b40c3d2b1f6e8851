import Foundation
import Synchronization

/// Resized pictures in a folder. What was looked at longest ago goes first; nothing in it is needed, so nothing is synced.
final class ImageCache: Sendable {
    private let path: String
    private let most: Int
    /// How many bytes lie there.
    private let bytes: Mutex<Int>

    /// What a file takes at least.
    private static let block = 4 << 10
    private static let draftSuffix = ".part"

    /// The cache in a folder, made if it isn't there. What a killed server left unfinished goes.
    init(_ path: String, most: Int) throws(OperatorError) {
        try PrivateFile.makeFolder(path)
        self.path = path
        self.most = most
        var all = 0
        for name in (try? FileManager.default.contentsOfDirectory(atPath: path)) ?? [] {
            if name.hasSuffix(Self.draftSuffix) {
                unlink("\(path)/\(name)")
            } else {
                all += Self.status("\(path)/\(name)").map(Self.cost) ?? 0
            }
        }
        bytes = Mutex(all)
    }

    /// A picture that is there.
    func open(_ name: String) -> FolderReader? {
        let file = "\(path)/\(name)"
        // That there is no picture is believed for a day: the next program may read more.
        if let status = Self.status(file), status.st_size == 0 {
            guard time(nil) - status.st_mtim.tv_sec < 86_400 else { return nil }
            return try? FolderReader(file, threads: .singleton)
        }
        guard let reader = try? FolderReader(file, threads: .singleton) else { return nil }
        // The time of the last use decides who goes. Written once an hour, it is exact enough.
        if let status = Self.status(file), time(nil) - status.st_mtim.tv_sec > 3_600 { utimes(file, nil) }
        return reader
    }

    /// A new picture, for its bytes to be written to its descriptor.
    func draft(_ name: String) throws -> Draft {
        let file = "\(path)/\(FileKey.randomDigits(16))\(Self.draftSuffix)"
        let flags = O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC
        var descriptor = Foundation.open(file, flags, 0o600)
        if descriptor < 0, errno == ENOENT {
            // The folder may be removed while the server runs.
            try PrivateFile.makeFolder(path)
            descriptor = Foundation.open(file, flags, 0o600)
        }
        guard descriptor >= 0 else { throw ObjectFailure.last("can't make", file) }
        return Draft(descriptor: descriptor, file: file, name: name, cache: self)
    }

    /// A picture on its way. Let go of, it leaves nothing.
    final class Draft: Sendable {
        let descriptor: Int32
        private let file: String
        private let name: String
        private let cache: ImageCache

        fileprivate init(descriptor: Int32, file: String, name: String, cache: ImageCache) {
            self.descriptor = descriptor
            self.file = file
            self.name = name
            self.cache = cache
        }

        deinit {
            close(descriptor)
            unlink(file)
        }

        /// Puts it in its place.
        ///
        /// - Parameter isEmpty: whether there is no such picture, which is to be remembered.
        func finish(isEmpty: Bool) throws {
            if isEmpty, ftruncate(descriptor, 0) != 0 { throw ObjectFailure.last("can't cut", file) }
            guard rename(file, "\(cache.path)/\(name)") == 0 else { throw ObjectFailure.last("can't rename", file) }
            cache.added(ImageCache.status("\(cache.path)/\(name)").map(ImageCache.cost) ?? 0)
        }
    }

    private func added(_ count: Int) {
        bytes.withLock { bytes in
            bytes += count
            guard bytes > most else { return }
            bytes = evict()
        }
    }

    /// Removes what was used longest ago, until a fifth is free.
    ///
    /// - Returns: how many bytes are left.
    private func evict() -> Int {
        var files: [(name: String, used: timespec, cost: Int)] = []
        for name in (try? FileManager.default.contentsOfDirectory(atPath: path)) ?? []
        where !name.hasSuffix(Self.draftSuffix) {
            guard let status = Self.status("\(path)/\(name)") else { continue }
            files.append((name, status.st_mtim, Self.cost(status)))
        }
        files.sort { ($0.used.tv_sec, $0.used.tv_nsec) < ($1.used.tv_sec, $1.used.tv_nsec) }
        var left = files.reduce(0) { $0 + $1.cost }
        for file in files where left > most / 5 * 4 {
            if unlink("\(path)/\(file.name)") == 0 { left -= file.cost }
        }
        return left
    }

    private static func status(_ path: String) -> stat? {
        var status = stat()
        return lstat(path, &status) == 0 ? status : nil
    }

    private static func cost(_ status: stat) -> Int { max(block, Int(status.st_size)) }
}
