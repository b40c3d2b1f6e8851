import BkendWire
import GRDB
import Synchronization

/// Removes what time has made useless, at most once an hour, along with a write that happens anyway.
final class Housekeeping: Sendable {
    private let next = Mutex<Int64>(0)

    func run(_ db: Database, lifetimes: SessionLifetimes, now: Timestamp) throws {
        let isDue = next.withLock { next in
            guard now.milliseconds >= next || next - now.milliseconds > 3_600_000 else { return false }
            next = now.milliseconds + 3_600_000
            return true
        }
        guard isDue else { return }
        try SessionStore.prune(db, lifetimes: lifetimes, now: now)
        try ResetStore.prune(db, now: now)
    }
}
