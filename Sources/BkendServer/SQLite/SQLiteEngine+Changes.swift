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

    /// How many bytes go in one write, about.
    private static let stepBytes: Int64 = 1 << 20

    /// `tendChanges` for commands, which have nothing else to do meanwhile.
    func tendChangesNow(_ db: Database) throws {
        let bound = min(8 << 20, options.changeBytes(ofDatabase: 0) / 8)
        let isDue = changeWork.withLock { work in
            guard work.bytes >= bound else { return false }
            work.bytes = 0
            return true
        }
        guard isDue else { return }
        let limit = Int64(options.changeBytes(ofDatabase: size.bytes))
        let oldest = Timestamp(clamping: options.clock().milliseconds - options.changes.seconds * 1_000)
        let step = options.changes.step
        var sizes = try ChangeLog.sizes(in: SQLiteSession(db, clock: options.clock))
        while let (place, before) = ChangeLog.excess(sizes, limit: limit, keepingAfter: oldest) {
            let table = sizes[place].table
            let left = try transaction(db) { session in
                try ChangeLog.takeOut(Self.stepBytes, step, of: table, before: before, in: session).left
            }
            if let left { sizes[place] = left } else { sizes.remove(at: place) }
        }
    }

    /// Takes out of the log of changes all that it may not keep. What fails is done another time.
    func trimChanges() async {
        let limit = Int64(options.changeBytes(ofDatabase: size.bytes))
        let oldest = Timestamp(clamping: options.clock().milliseconds - options.changes.seconds * 1_000)
        let step = options.changes.step
        do {
            var sizes = try readNow { try ChangeLog.sizes(in: $0) }
            while let (place, before) = ChangeLog.excess(sizes, limit: limit, keepingAfter: oldest) {
                let table = sizes[place].table
                let left = try await writer.write(.own) { db in
                    let session = SQLiteSession(db, clock: self.options.clock)
                    return try ChangeLog.takeOut(Self.stepBytes, step, of: table, before: before, in: session)
                }
                if let left { sizes[place] = left } else { sizes.remove(at: place) }
            }
        } catch {}
        changeWork.withLock { $0.isUnderWay = false }
    }
}
