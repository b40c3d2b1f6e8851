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
        var isEnding = false
    }
    private let state = Mutex(State())

    /// At most once an hour.
    private static let interval: Int64 = 3_600_000

    /// Starts work that is due, unless some is under way.
    func run(now: Timestamp, _ body: @escaping @Sendable () async -> Void) {
        state.withLock { state in
            let moment = now.milliseconds
            guard !state.isEnding, state.task == nil, moment >= state.next || state.next - moment > Self.interval else {
                return
            }
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

    /// Ends what is under way at its next step, and begins nothing more.
    func end() async {
        state.withLock { state in
            state.isEnding = true
            state.task?.cancel()
        }
        await drained()
    }

    /// - Throws: `CancellationError` once it is to end.
    func requireTime() throws { if state.withLock({ $0.isEnding }) { throw CancellationError() } }
}

extension EnvironmentFiles {
    /// How many rows one transaction changes.
    private static let batch = 100

    /// Tidies beside the request that asks, when that is due.
    func tidySometimes() {
        upkeep.run(now: now()) { [self] in await tidy() }
    }

    /// Removes objects that no row names, bytes that no record has named for a day, and uploads that lapsed. A step that
    /// fails doesn't stop the others: on a full disk, what frees bytes is worth most.
    func tidy() async {
        await step {
            let (store, upkeep) = (store, upkeep)
            let swept = try await objects.sweep { names in
                try upkeep.requireTime()
                return try store.engine.readNow { session in try FileStore.unnamed(session, of: names) }
            }
            if swept.putAside > 0 {
                settings.logger.warning(
                    "files that no record names were put aside",
                    metadata: ["count": "\(swept.putAside)", "folder": "\(ObjectFolder.asideName)"])
            }
        }
        await step { while try await deleteDropped() { try upkeep.requireTime() } }
        await step { while try await closeLapsed() { try upkeep.requireTime() } }
    }

    private func step(_ body: () async throws -> Void) async {
        do { try await body() } catch is CancellationError {} catch {
            settings.logger.warning("old files could not be removed", metadata: ["error": "\(error)"])
        }
    }

    /// Forgets some keys with which nothing can be done any more; what is asked of them later is answered as of keys that
    /// were never issued. False when there are none left.
    private func closeLapsed() async throws -> Bool {
        let moment = now().milliseconds
        let lapsed = try await store.query(limit: settings.queryLimit) { session, _ in
            try session.all(
                FileSQL.lapsedUploads, moment - FileSettings.kept, moment - FileSettings.kept, Self.batch,
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

    /// Deletes some objects that have not been needed for as long as the storage keeps them, the bytes before the rows.
    /// False when there are none left, or while the folder is copied: a copy of the database names them.
    private func deleteDropped() async throws -> Bool {
        let limit = now().milliseconds - objects.keptMilliseconds
        let names = try await store.query(limit: settings.queryLimit) { session, _ in
            try session.all(FileSQL.droppedObjects, limit, Self.batch) { $0.text(0) }
        }
        guard !names.isEmpty, try await objects.delete(names) else { return false }
        try await store.write(locking: []) { session in
            for name in names { try session.execute(FileSQL.deleteObject, name) }
        }
        return true
    }
}
