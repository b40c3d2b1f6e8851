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

    private func beginLogAnew(_ db: Database) throws -> Bool {
        try lock.withLock { try db.beginLogAnew(patience: StoreOptions.logPatience) }
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
