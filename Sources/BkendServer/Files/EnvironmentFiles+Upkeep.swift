import BkendStorage
import BkendWire
import Synchronization

// What time makes useless goes: uploads that nobody finishes, bytes that no record names.

/// When files were tidied last, and the work that is under way.
final class FileUpkeep: Sendable {
    private struct State {
        /// When it is due next, in milliseconds since 1970.
        var next: Int64 = 0
        var task: Task<Void, Never>?
    }
    private let state = Mutex(State())

    /// At most once an hour.
    private static let interval: Int64 = 3_600_000

    /// Starts work that is due, unless some is under way.
    func run(now: Timestamp, _ body: @escaping @Sendable () async -> Void) {
        state.withLock { state in
            let moment = now.milliseconds
            guard state.task == nil, moment >= state.next || state.next - moment > Self.interval else { return }
            state.next = moment + Self.interval
            state.task = Task.detached { [self] in
                await body()
                self.state.withLock { $0.task = nil }
            }
        }
    }

    /// Returns when nothing is under way.
    func drained() async {
        while let task = state.withLock({ $0.task }) { await task.value }
    }
}

extension EnvironmentFiles {
    /// How many rows one transaction changes.
    private static let batch = 100

    /// Tidies beside the request that asks, when that is due.
    func tidySometimes() {
        upkeep.run(now: now()) { [self] in
            do { try await tidy() } catch {
                settings.logger.warning("old files could not be removed", metadata: ["error": "\(error)"])
            }
        }
    }

    /// Removes uploads that lapsed, bytes that no record has named for a day, and objects that no row names.
    ///
    /// The sweep comes first: it needs no room, and the rest does. On a full disk, only it makes some.
    ///
    /// - Returns: how many objects went.
    @discardableResult
    func tidy() async throws -> Int {
        let store = store
        let swept = try await objects.sweep { names in
            try store.engine.readNow { session in try FileStore.unnamed(session, of: names) }
        }
        if swept.putAside > 0 {
            settings.logger.warning(
                "files that no record names were put aside",
                metadata: ["count": "\(swept.putAside)", "folder": "\(ObjectFolder.asideName)"])
        }
        while try await closeLapsed() {}
        var deleted = swept.deleted + swept.putAside
        while let names = try await forgetDropped() {
            try await objects.delete(names)
            deleted += names.count
        }
        return deleted
    }

    /// Forgets some keys with which nothing can be done any more; what is asked of them later is answered as of keys that
    /// were never issued. False when there are none left.
    private func closeLapsed() async throws -> Bool {
        let moment = now().milliseconds
        let isKept: Int64 = settings.publicImages ? 1 : 0
        let lapsed = try await store.query(limit: settings.queryLimit) { session, _ in
            try session.all(
                FileSQL.lapsedUploads, moment - FileSettings.kept, moment - FileSettings.kept, isKept, Self.batch,
                read: FileUpload.init)
        }
        guard !lapsed.isEmpty else { return false }
        let keys = lapsed.map(\.key)
        try await store.write(locking: Set(keys.map(StorageLock.file))) { session in
            for key in keys {
                guard let upload = try FileStore.upload(session, key: key) else { continue }
                switch upload.state {
                case .registered, .deleted: continue
                case .stored where (upload.content?.storedAt.milliseconds ?? 0) >= moment - FileSettings.kept: continue
                case .issued, .stored, .closed: try FileStore.forget(session, upload)
                }
            }
        }
        return lapsed.count == Self.batch
    }

    /// Takes the rows of some objects that have not been needed for a day, and gives their names; nil when there are none.
    private func forgetDropped() async throws -> [String]? {
        let limit = now().milliseconds - FileSettings.kept
        let names = try await store.query(limit: settings.queryLimit) { session, _ in
            try session.all(FileSQL.droppedObjects, limit, Self.batch) { $0.text(0) }
        }
        guard !names.isEmpty else { return nil }
        try await store.write(locking: []) { session in
            for name in names { try session.execute(FileSQL.deleteObject, name) }
        }
        return names
    }
}
