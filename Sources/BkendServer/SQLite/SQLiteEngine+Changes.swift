import BkendAccounts
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
        let isClaimed = changeWork.withLock { work in
            // The log isn't larger by more than an eighth than it may be.
            let bound = min(8 << 20, options.changeBytes(ofDatabase: 0) / 8)
            guard !work.isUnderWay, work.bytes >= bound || work.due <= .now else { return false }
            work = ChangeWork(isUnderWay: true)
            return true
        }
        // Detached: it is nobody's request.
        if isClaimed { Task.detached { [self] in await trimChanges() } }
    }

    /// Takes out of the log of changes all that it may not keep. What fails is done another time.
    func trimChanges() async {
        let limit = Int64(options.changeBytes(ofDatabase: size.bytes))
        let step = options.changes.step
        while true {
            let isMore = try? await writer.write(.own) { db in
                let session = SQLiteStorageSession(
                    db, of: self, catalog: TableCatalog(in: db, cache: self.cache, isWriting: true))
                let oldest = Timestamp(clamping: session.now.milliseconds - self.options.changes.seconds * 1_000)
                return (
                    try ChangeLog.trim(to: limit, keepingAfter: oldest, step: step, in: session), bytes: 0
                )
            }
            if isMore != true { break }
        }
        changeWork.withLock { $0.isUnderWay = false }
    }
}
