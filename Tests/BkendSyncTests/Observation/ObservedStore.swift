import BkendSync
import Foundation

/// A store in a folder of its own, as an app has it open.
struct ObservedStore {
    let folder: String
    let path: String
    let open: OpenStore

    /// Runs a body over a new store and removes it.
    static func run(_ body: (ObservedStore) async throws -> Void) async throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "bkend-\(UUID().uuidString)").path
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let path = folder + "/store.sqlite"
        // Before the first connection is opened.
        _ = StatementTrace(path)
        // As the processes open it that write to it.
        let database = try StoreDatabase.open(path: path, owner: "ann")
        let store = ObservedStore(
            folder: folder, path: path,
            open: OpenStore(database, lock: ChangeFeed.Lock(folder: folder, name: "store.sqlite.lock")))
        try await body(store)
        await store.open.close()
    }
}
