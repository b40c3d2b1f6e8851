import BkendAccounts
import GRDB

/// The accounts' view of an environment's database: they share its one writer, its lock and its durability.
struct AccountsStore: AccountsDatabase {
    let store: EnvironmentStore
    let queryLimit: Duration

    func read<Result: Sendable>(_ body: @escaping @Sendable (Database) throws -> Result) async throws -> Result {
        try await store.query(limit: queryLimit) { db, _, _ in try body(db) }
    }

    func write<Result: Sendable>(_ body: @escaping @Sendable (Database) throws -> Result) async throws -> Result {
        try await store.write { db, _ in try body(db) }
    }
}

extension EnvironmentStore {
    /// Makes or migrates the accounts' tables.
    func prepareAccounts() throws {
        try writeNow { db, _ in try AccountSchema.prepare(db) }
    }
}
