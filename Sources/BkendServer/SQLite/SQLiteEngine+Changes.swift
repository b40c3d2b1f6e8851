import BkendAccounts
import BkendStorage
import BkendWire
import GRDB

/// What is to be done about an environment's log of changes.
struct ChangeWork: Sendable {
    /// The bytes of records that were written since the log was looked at.
    var bytes = 0
    /// When it is to be looked at whatever was written.
    var due = ContinuousClock.now.advanced(by: Self.interval)
    /// Whether somebody is at it.
    var isUnderWay = false

    /// How long the log isn't looked at while little is written.
    static let interval = Duration.seconds(600)
}

extension SQLiteEngine {
    /// Takes out of the log of changes what it may not keep: in small writes, each in its turn among the others.
    func tendChanges() {
        // Detached: it is nobody's request.
        if claimChangeWork() { Task.detached { [self] in await trimChanges() } }
    }

    /// `tendChanges` for commands, which have nothing else to do meanwhile. The write that it follows is made: what fails
    /// here is done another time.
    func tendChangesNow(_ db: Database) {
        guard claimChangeWork() else { return }
        if var trimming = try? trimming(in: SQLiteSession(db, clock: options.clock)) {
            while trimming.isMore, let step = try? transaction(db, { try trimming.taken(in: $0) }) {
                trimming = step.rest
            }
        }
        changeWork.withLock { $0.isUnderWay = false }
    }

    /// Takes out of the log of changes all that it may not keep. What fails is done another time.
    func trimChanges() async {
        if var trimming = try? readNow({ try self.trimming(in: $0) }) {
            while trimming.isMore,
                let rest = try? await writer.write(
                    .own, { [trimming] db in try trimming.taken(in: SQLiteSession(db, clock: self.options.clock)) })
            {
                trimming = rest
            }
        }
        changeWork.withLock { $0.isUnderWay = false }
    }

    /// Whether it is time to look at the log, and nobody else is at it.
    private func claimChangeWork() -> Bool {
        changeWork.withLock { work in
            // The log isn't larger by more than an eighth than it may be.
            let bound = min(8 << 20, options.changeBytes(ofDatabase: 0) / 8)
            guard !work.isUnderWay, work.bytes >= bound || work.due <= .now else { return false }
            work = ChangeWork(isUnderWay: true)
            return true
        }
    }

    private func trimming(in session: any SQLSession) throws -> ChangeLog.Trimming {
        ChangeLog.Trimming(
            try ChangeLog.sizes(in: session), limit: Int64(options.changeBytes(ofDatabase: size.bytes)),
            oldest: Timestamp(clamping: options.clock().milliseconds - options.changes.seconds * 1_000),
            step: options.changes.step)
    }
}
