import BkendAccounts
import BkendStorage

/// The accounts' view of an environment's database: they share its writer, its locks and its durability.
struct AccountsStore: AccountsDatabase {
    let store: EnvironmentStore
    let queryLimit: Duration

    func read<Result: Sendable>(_ body: @escaping @Sendable (any SQLSession) throws -> Result) async throws -> Result {
        try await store.query(limit: queryLimit) { session, _ in try body(session) }
    }

    func write<Result: Sendable>(
        locking locks: Set<StorageLock>, _ body: @escaping @Sendable (any SQLTransaction) throws -> Result
    ) async throws -> Result {
        try await store.write(locking: locks) { session in try body(session) }
    }
}
