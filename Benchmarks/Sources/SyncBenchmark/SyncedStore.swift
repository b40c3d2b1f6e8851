import Bkend
import Logging
import Servers

/// A local store as an app has it.
struct SyncedStore {
    let client: BkendClient
    let store: LocalStore

    /// Opens or makes one.
    init(url: String, folder: String, key: String = "pk_" + String(repeating: "0", count: 64)) async throws {
        try await self.init(client: Self.client(url: url, key: key), folder: folder)
    }

    /// The store of whoever is signed in.
    init(client: BkendClient, folder: String) async throws {
        self.client = client
        store = try await client.openLocalStore(at: folder)
    }

    /// A client that logs nothing but faults.
    static func client(url: String, key: String) throws -> BkendClient {
        var options = ClientOptions()
        options.logger.logLevel = .warning
        return try BkendClient(url: url, key: key, options: options)
    }

    var articles: LocalTable<JSONObject> { store.table("articles") }

    /// Returns when the first pull is complete.
    func pull(_ options: SyncOptions = SyncOptions()) async throws {
        try await store.subscribe(to: articles)
        try await store.sync.start(options)
        try await wait { $0.subscriptions.allSatisfy { $0.phase == .current } && !$0.subscriptions.isEmpty }
    }

    /// Returns when the status is as wanted.
    func wait(until isReached: (SyncStatus) -> Bool) async throws {
        for await status in store.sync.statuses where isReached(status) { return }
        throw BenchmarkFailure("the store was closed")
    }

    func close() async {
        await store.close()
        await client.shutdown()
    }
}
