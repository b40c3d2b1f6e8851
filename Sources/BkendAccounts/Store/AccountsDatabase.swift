import BkendStorage

/// The database of one environment, as the accounts use it. The server's own storage is one: it keeps its writers, its
/// locks and its durability to itself.
package protocol AccountsDatabase: Sendable {
    /// Reads over one snapshot.
    func read<Result: Sendable>(_ body: @escaping @Sendable (any SQLSession) throws -> Result) async throws -> Result

    /// Writes in one transaction: committed and durable when it returns, rolled back when `body` throws.
    ///
    /// `body` may run several times, and only the last run counts: it changes nothing but the database. Other writes may
    /// run at the same time, except those that hold one of the same locks.
    ///
    /// - Parameter locks: what is locked before the body runs; it may ask for more (`SQLTransaction.hold`).
    func write<Result: Sendable>(
        locking locks: Set<StorageLock>, _ body: @escaping @Sendable (any SQLTransaction) throws -> Result
    ) async throws -> Result
}
