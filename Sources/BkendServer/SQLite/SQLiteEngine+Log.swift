import BkendAccounts
import BkendDocuments
import BkendWire
import GRDB

// How the write-ahead log is kept from growing without end. SQLite moves the log into the database after commits, but
// begins it anew only when no read is in it: slow reads that overlap keep it growing for as long as they come.

/// What is being done about an environment's log.
struct LogWork: Sendable {
    /// Whether somebody is at it.
    var isUnderWay = false
    /// How often it failed in a row: a command reads for long, `backup` or `export`.
    var failures = 0
    /// When it may be tried again after a failure.
    var notBefore: ContinuousClock.Instant?
}

extension SQLiteEngine {
    /// How long the writer waits for reads of a moment when it begins the log anew.
    private static let patience = Duration.milliseconds(100)
    /// How long slow reads are left alone after the first failure; twice as long after each further one.
    private static let pause = Duration.seconds(10)

    /// Begins the log anew when it has grown past its bound. Slow reads of the environment that come meanwhile wait: for
    /// those under way, which their time limit ends, and for a moment of the writer's. Small writes go on until that
    /// moment; large ones are taken apart among the slow reads.
    func tendLog() {
        guard DocumentStorage.logBytes(ofDatabase: path) > options.logBound, claimLogWork() else { return }
        let share = share
        options.slowReads.pause(share)
        // Detached: it is nobody's request.
        Task.detached { [self] in
            await options.slowReads.atRest(share)
            let isDone = (try? await pool.writeWithoutTransaction { db in try self.beginLogAnew(db) }) ?? false
            options.slowReads.resume(share)
            finishLogWork(isDone)
        }
    }

    /// `tendLog` for commands, which have no reads of their own to hold back.
    func tendLogNow(_ db: Database) {
        guard DocumentStorage.logBytes(ofDatabase: path) > options.logBound, claimLogWork() else { return }
        finishLogWork((try? beginLogAnew(db)) ?? false)
    }

    /// Sees to it that the database and its log stay within the limit on their size, as far as one transaction doesn't
    /// pass it. Called with the lock held, before each transaction.
    ///
    /// - Throws: `DatabaseSizeReached` when reads hold the log that fills it.
    func makeRoomForLog(_ db: Database) throws {
        guard let maximumBytes = options.maximumBytes else { return }
        let log = DocumentStorage.logBytes(ofDatabase: path)
        guard log > options.logReserve else { return }
        let pages = try Int.fetchOne(db, sql: "PRAGMA page_count") ?? 0
        let pageSize = try Int.fetchOne(db, sql: "PRAGMA page_size") ?? 4_096
        guard log > max(options.logReserve, maximumBytes - pages * pageSize) else { return }
        guard try db.beginLogAnew(patience: Self.patience) else {
            throw DatabaseSizeReached(maximumBytes: maximumBytes)
        }
    }

    private func beginLogAnew(_ db: Database) throws -> Bool {
        try lock.withLock { try db.beginLogAnew(patience: Self.patience) }
    }

    private func claimLogWork() -> Bool {
        logWork.withLock { work in
            if work.isUnderWay || work.notBefore.map({ $0 > .now }) ?? false { return false }
            work.isUnderWay = true
            return true
        }
    }

    private func finishLogWork(_ isDone: Bool) {
        logWork.withLock { work in
            work.isUnderWay = false
            work.failures = isDone ? 0 : min(work.failures + 1, 5)
            work.notBefore = isDone ? nil : .now.advanced(by: Self.pause * (1 << (work.failures - 1)))
        }
    }
}
