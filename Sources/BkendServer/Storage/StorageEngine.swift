import BkendAccounts
import BkendStorage
import BkendWire

/// A session of one read: SQL and documents over one snapshot.
typealias StorageSession = SQLSession & DocumentSession

/// A session of one write: SQL and documents in one transaction.
typealias StorageTransaction = SQLTransaction & DocumentTransaction

/// Where an environment is kept: its accounts, definitions and records.
///
/// What runs inside is synchronous, so that it runs on whatever thread the storage reads and writes on; the calls
/// themselves are asynchronous.
///
/// The body of a write may run several times, and only the last run counts, once it is committed: it changes nothing but
/// the storage. Two bodies may run at the same time, unless they hold one of the same locks: what a body writes by what it
/// read, it has read under a lock. An error of the storage ends the transaction, and the body passes it on.
protocol StorageEngine: Sendable {
    /// Reads over one snapshot, and gives up past a limit.
    ///
    /// - Parameters:
    ///   - kind: what the storage may expect of it.
    ///   - check: what must hold in the snapshot.
    ///   - limit: the most time that it may take once its turn has come.
    ///   - body: runs anew where an attempt was given up: it announces what may take long.
    /// - Throws: `QueueRefused`, `ClientGone`, `QueryTimedOut`, `QueryAbandoned`, `StorageFailure`; what `check` and
    ///   `body` throw.
    func read<Result: Sendable>(
        _ kind: ReadKind, check: StorageCheck?, limit: Duration,
        _ body: @escaping @Sendable (any StorageSession, ReadAttempt) throws -> Result
    ) async throws -> Result

    /// Writes in one transaction; when this returns, the change is on disk. A write whose client goes before its turn is
    /// not made; one that has begun is.
    ///
    /// - Parameters:
    ///   - locks: what is locked before the body runs.
    ///   - check: what must hold in the transaction.
    /// - Throws: `QueueRefused`, `ClientGone`, `DatabaseSizeReached`, `StorageFailure`; what `check` and `body` throw.
    func write<Result: Sendable>(
        locking locks: Set<StorageLock>, check: StorageCheck?,
        _ body: @escaping @Sendable (any StorageTransaction) throws -> Result
    ) async throws -> Result

    /// `read` without a limit, for commands, which have nothing else to do meanwhile. The body runs once.
    func readNow<Result>(_ body: (any StorageSession) throws -> Result) throws -> Result

    /// `write` for commands. The body runs once: a storage that would have to run it again throws.
    func writeNow<Result>(
        locking locks: Set<StorageLock>, _ body: (any StorageTransaction) throws -> Result
    ) throws -> Result

    /// Does work that reads nothing: on the caller's thread where it takes a moment, else in the line of slow reads.
    ///
    /// - Throws: `QueueRefused`, `ClientGone`; what `body` throws.
    func work<Result: Sendable>(
        _ work: ReadAttempt.Work, _ body: @escaping @Sendable () throws -> Result
    ) async throws -> Result

    /// Makes or migrates the accounts' tables.
    func prepareAccounts() throws

    /// Makes or migrates the files' tables.
    func prepareFiles() throws

    /// The bytes that the environment takes, and how many of them are a log that will be given back.
    var size: (bytes: Int, log: Int) { get }
}

/// What a storage may expect of a read.
enum ReadKind: Sendable {
    /// Reads what keys lead to: done in a moment, so that only what the body does with the records may take longer.
    case lookUp
    /// Runs a query, which may take any time.
    case query
}

/// Opens the environments of a server, each once.
package protocol StorageSource: Sendable {
    /// The storage of an environment, ready for use. Blocks until it is there.
    func storage(of name: EnvironmentName) throws -> EnvironmentStore
}
