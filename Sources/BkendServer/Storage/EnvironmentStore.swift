import BkendAccounts
import BkendStorage
import BkendWire
import Synchronization

/// The tables and records of one environment, in whichever storage keeps them.
package final class EnvironmentStore: Sendable {
    /// Where they are kept.
    let engine: any StorageEngine

    private let listener = Mutex<(@Sendable () -> Void)?>(nil)

    /// An environment in a storage.
    init(_ engine: any StorageEngine) { self.engine = engine }

    /// Has a listener told after each write. There is one at most.
    func onWrite(_ listener: @escaping @Sendable () -> Void) { self.listener.withLock { $0 = listener } }

    /// Tells that something was written.
    func noteWrite() { listener.withLock { $0 }?() }

    /// Reads what keys lead to.
    func lookUp<Result: Sendable>(
        check: StorageCheck? = nil, limit: Duration,
        _ body: @escaping @Sendable (any StorageSession, ReadAttempt) throws -> Result
    ) async throws -> Result {
        try await engine.read(.lookUp, check: check, limit: limit, body)
    }

    /// Runs a query.
    func query<Result: Sendable>(
        check: StorageCheck? = nil, limit: Duration,
        _ body: @escaping @Sendable (any StorageSession, ReadAttempt) throws -> Result
    ) async throws -> Result {
        try await engine.read(.query, check: check, limit: limit, body)
    }

    /// Writes in one transaction; see `StorageEngine.write`.
    ///
    /// Whoever stamps what it writes asks the session for the time. Waiting for a turn may take seconds, and a stamp from
    /// before lies behind what others have read by then: `updatedAt` would hide the change from whoever asks for what is
    /// newer.
    func write<Result: Sendable>(
        locking locks: Set<StorageLock>, check: StorageCheck? = nil,
        _ body: @escaping @Sendable (any StorageTransaction) throws -> Result
    ) async throws -> Result {
        defer { noteWrite() }
        return try await engine.write(locking: locks, check: check, body)
    }
}

/// A write that the storage's size doesn't allow.
struct DatabaseSizeReached: Error, Hashable, Sendable {
    /// The limit of the database and its log together, in bytes.
    let maximumBytes: Int
}
