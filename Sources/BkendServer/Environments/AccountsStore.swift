import BkendAccounts
import BkendStorage

/// The accounts' view of an environment's database: they share its writer, its locks and its durability.
struct AccountsStore: AccountsDatabase {
    let store: EnvironmentStore
    let queryLimit: Duration

    func read<Result: Sendable>(_ body: @escaping @Sendable (any SQLSession) throws -> Result) async throws -> Result {
        try await store.query(limit: queryLimit) { [clock = store.options.clock] db, _, _ in
            try body(SQLiteSession(db, clock: clock))
        }
    }

    func write<Result: Sendable>(
        locking locks: Set<StorageLock>, _ body: @escaping @Sendable (any SQLTransaction) throws -> Result
    ) async throws -> Result {
        try await store.write { [clock = store.options.clock] db, _ in try body(SQLiteSession(db, clock: clock)) }
    }
}

extension EnvironmentStore {
    /// Makes or migrates the accounts' tables.
    func prepareAccounts() throws {
        try writeNow { db, _ in try AccountSchema.prepare(SQLiteSession(db, clock: options.clock)) }
    }
}
