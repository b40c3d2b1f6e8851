import GRDB

/// The database of one environment, as the accounts use it. The server's own store is one: it keeps the one writer, the
/// lock between processes and the durability to itself.
package protocol AccountsDatabase: Sendable {
    /// Reads over one snapshot.
    func read<Result: Sendable>(_ body: @escaping @Sendable (Database) throws -> Result) async throws -> Result

    /// Writes in one immediate transaction: committed and durable when it returns, rolled back when `body` throws.
    func write<Result: Sendable>(_ body: @escaping @Sendable (Database) throws -> Result) async throws -> Result
}
