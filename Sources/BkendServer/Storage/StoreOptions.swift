import BkendAccounts
import BkendDocuments
import BkendWire

/// How much a log of changes keeps.
struct ChangeLogBounds: Sendable {
    /// The bytes that it may take whatever the database's size; else a tenth of that.
    var leastBytes = 64 << 20
    /// The bytes that it may take at most.
    var mostBytes = 1 << 30
    /// How long changes are kept.
    var seconds: Int64 = 7 * 86_400
    /// How many changes go at once when it is too large.
    var step = 200
}

/// How an environment's storage is kept.
struct StoreOptions: Sendable {
    /// The most bytes that the database and its log may grow to together, nil for what the disk holds.
    var maximumBytes: Int?
    /// The bytes of the log past which it is begun anew, even if slow reads must wait for that.
    var logBytes: Int
    /// How much the log of changes keeps.
    var changes = ChangeLogBounds()
    /// Where slow reads wait for their turn; one line for all environments of a server.
    var slowReads: FairLine
    /// How many writes may wait.
    var writes: QueueLimits
    /// How many of them share a transaction.
    var writesPerTransaction: Int
    /// The time, which sessions stamp by.
    var clock: @Sendable () -> Timestamp = { .systemNow }
    /// Told of what happens in the line of writes.
    var reportWrites: @Sendable (QueueEvent) -> Void = { _ in }
    /// Told how long each write waited for its turn.
    var onWriterWait: (@Sendable (Duration) -> Void)?
    /// Told how many writes each transaction had.
    var reportGroup: @Sendable (Int) -> Void = { _ in }

    /// A server's options.
    ///
    /// - Parameter reportReads: told of what happens in the line of slow reads.
    init(_ limits: ServerLimits = ServerLimits(), reportReads: @escaping @Sendable (QueueEvent) -> Void = { _ in }) {
        logBytes = limits.logBytes
        writesPerTransaction = limits.writesPerTransaction
        slowReads = FairLine(
            QueueLimits(
                places: limits.slowReads, placesPerProject: max(1, limits.slowReads - 1),
                placesPerClient: max(1, limits.slowReads - 1), waiting: limits.waitingReads,
                waitingPerClient: limits.waitingReadsPerClient),
            waitingFor: "slow queries", retryAfterSeconds: 2, report: reportReads)
        // Those that have a place make up the transaction under way and the next one. One client can't have all of them.
        let places = 2 * writesPerTransaction
        writes = QueueLimits(
            places: places, placesPerClient: max(1, places * 3 / 4), waiting: limits.waitingWrites,
            waitingPerClient: limits.waitingWritesPerClient)
    }

    /// The bytes that the log of changes of a database may take.
    func changeBytes(ofDatabase bytes: Int) -> Int {
        min(max(changes.leastBytes, bytes / 10), changes.mostBytes, (maximumBytes ?? .max) / 10)
    }

    /// How much of `maximumBytes` is kept for the log, so that a full database still takes deletes.
    var logReserve: Int { min(StorageOptions.logKept, (maximumBytes ?? .max) / 4) }

    /// The bytes of the log past which it is begun anew.
    var logBound: Int { maximumBytes == nil ? logBytes : min(logBytes, logReserve) }
}
