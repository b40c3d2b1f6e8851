import BkendWire
import Foundation
import NIOCore
import NIOPosix
import Synchronization

/// Objects in a bucket of an S3 service, under `PREFIX/PROJECT/ENVIRONMENT/`. Clients never get the service's addresses:
/// bytes go through this server, since a PUT straight to the bucket could replace what a record names already.
///
/// A local folder holds no bytes but those of drafts, and the locks by which every process on this data folder knows which
/// objects are being written, and that nothing is to be deleted (`ObjectFolder`).
///
/// Three things are dated: bytes that nothing needs any more stay for a week, by their row's date, so that a database of
/// this week has its bytes. What no row names is put aside under `unclaimed/`, and deleted there after a week, by the
/// service's dates alone. No clock of this machine deletes what no row names.
final class S3Storage: ObjectStorage {
    private let client: S3Client
    /// With a slash at its end.
    private let prefix: String
    private let local: ObjectFolder
    private let folder: String
    private let threads: NIOThreadPool
    /// How often a sweep lists the bucket.
    private let sweepInterval: Duration
    /// For how many milliseconds objects lie aside.
    private let asideMilliseconds: Int64
    private let sweptAt = Mutex<ContinuousClock.Instant?>(nil)

    /// For how many milliseconds bytes stay that nothing needs any more, and those that no row names.
    static let keptMilliseconds: Int64 = 7 * 86_400_000
    /// The most bytes that one PUT may have, at every service.
    static let mostBytes = 5 << 30
    /// How many objects are deleted at once.
    private static let deletions = 8

    /// - Parameters:
    ///   - prefix: what the keys of its objects begin with, with a slash at its end.
    ///   - folder: the local folder; made when it isn't there.
    init(
        _ client: S3Client, at prefix: String, folder: String, sweepInterval: Duration = .seconds(86_400),
        asideMilliseconds: Int64 = keptMilliseconds, threads: NIOThreadPool = .singleton
    ) throws(OperatorError) {
        self.client = client
        self.prefix = prefix
        self.folder = folder
        self.sweepInterval = sweepInterval
        self.asideMilliseconds = asideMilliseconds
        self.threads = threads
        local = try ObjectFolder(folder, threads: threads)
    }

    var keptMilliseconds: Int64 { Self.keptMilliseconds }

    func begin(bytes: Int?) async throws -> any ObjectDraft {
        S3Draft(
            try await local.begin(), bytes: bytes, at: prefix, of: client, folder: folder, threads: threads)
    }

    func open(_ name: String, for range: Range<Int>) async throws -> any ObjectReader {
        guard ObjectFolder.isName(name) else { throw ObjectFailure(description: "\(name) is no name of an object") }
        return try await S3Reader(prefix + name, range, of: client)
    }

    func delete(_ names: [String]) async throws -> Bool {
        guard let lock = try await lock() else { return false }
        defer { lock.release() }
        // One request for each: what deletes many at once isn't there at every service, and costs the same.
        var rest = names.filter(ObjectFolder.isName)[...]
        while !rest.isEmpty {
            try await withThrowingTaskGroup(of: Void.self) { group in
                for name in rest.prefix(Self.deletions) {
                    group.addTask { [client, prefix] in try await client.delete(prefix + name) }
                }
                try await group.waitForAll()
            }
            rest = rest.dropFirst(Self.deletions)
        }
        return true
    }

    // MARK: Sweeping

    func sweep(unnamed: @escaping @Sendable ([String]) throws -> [String]) async throws -> SweptObjects {
        let last = sweptAt.withLock { $0 }
        if let last, last.duration(to: .now) < sweepInterval { return SweptObjects() }
        // The drafts of killed servers. Their locks are free; what is in the bucket of them is looked at below.
        var swept = try await local.sweep(unnamed: unnamed)
        guard let lock = try await lock() else { return swept }
        defer { lock.release() }
        try await client.list(prefix) { page in
            let names = page.entries.map(\.name).filter(ObjectFolder.isName)
            for name in try await look(for: names, unnamed) where try await isFree(name, unnamed) {
                try await client.move(prefix + name, to: "\(prefix)\(ObjectFolder.asideName)/\(name)")
                swept.putAside += 1
            }
            for entry in page.entries where Self.isAside(entry.name) {
                guard let age = page.age(of: entry), age >= asideMilliseconds else { continue }
                try await client.delete(prefix + entry.name)
                swept.deleted += 1
            }
        }
        sweptAt.withLock { $0 = .now }
        return swept
    }

    /// Whether nobody writes an object, and, looked up after that, no row names it.
    private func isFree(
        _ name: String, _ unnamed: @escaping @Sendable ([String]) throws -> [String]
    ) async throws -> Bool {
        let file = "\(folder)/\(name)\(ObjectFolder.draftSuffix)"
        let isHeld = try await threads.runIfActive {
            let descriptor = Foundation.open(file, O_RDONLY | O_NOFOLLOW | O_CLOEXEC)
            // A draft makes its file before it sends a byte, and keeps it until a row names the object.
            guard descriptor >= 0 else { return errno != ENOENT }
            defer { close(descriptor) }
            return flock(descriptor, LOCK_EX | LOCK_NB) != 0
        }
        if isHeld { return false }
        return try await !look(for: [name], unnamed).isEmpty
    }

    private func look(
        for names: [String], _ unnamed: @escaping @Sendable ([String]) throws -> [String]
    ) async throws -> [String] {
        names.isEmpty ? [] : try await threads.runIfActive { try unnamed(names) }
    }

    private func lock() async throws -> FolderLock? {
        let folder = folder
        return try await threads.runIfActive { try FolderLock(folder, isWaiting: false) }
    }

    private static func isAside(_ name: String) -> Bool {
        name.hasPrefix(ObjectFolder.asideName + "/")
            && ObjectFolder.isName(name.dropFirst(ObjectFolder.asideName.count + 1))
    }
}
