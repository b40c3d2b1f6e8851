#if Server
import BkendWire
import Synchronization

/// Counts by key, in memory (a restart forgives). The generic cell rate algorithm: of each key only the moment is kept
/// at which it owes nothing any more, so that a key costs some dozens of bytes and no timer.
final class RateLimiter: Sendable {
    private let limit: RateLimit
    private let capacity: Int
    private let debts = Mutex<[ExactString: Int64]>([:])

    /// A limiter that remembers at most so many keys. Past it, those that owe least are forgotten first.
    init(_ limit: RateLimit, capacity: Int = 20_000) {
        self.limit = limit
        self.capacity = max(4, capacity)
    }

    /// Takes one; nil when it is given, else the seconds after which to ask again.
    func take(_ key: String, now: Timestamp) -> Int? {
        let now = now.milliseconds
        let key = ExactString(key)
        return debts.withLock { debts in
            // More than a window is owed only when the clock was set back, and that must not lock anyone out.
            let known = debts[key] ?? 0
            let next = max(known > now + window ? 0 : known, now) + interval
            guard next <= now + window else { return Int((next - window - now + 999) / 1_000) }
            if debts[key] == nil, debts.count >= capacity { makeRoom(in: &debts, now: now) }
            debts[key] = next
            return nil
        }
    }

    /// Gives back what was taken: it turned out not to count.
    func giveBack(_ key: String) {
        debts.withLock { debts in
            let key = ExactString(key)
            if let owed = debts[key] { debts[key] = owed - interval }
        }
    }

    /// How many keys are remembered.
    var count: Int { debts.withLock { $0.count } }

    private var window: Int64 { Int64(limit.seconds) * 1_000 }
    private var interval: Int64 { max(1, window / Int64(limit.count)) }

    private func makeRoom(in debts: inout [ExactString: Int64], now: Int64) {
        debts = debts.filter { $0.value > now }
        guard debts.count >= capacity else { return }
        let bound = debts.values.sorted()[debts.count / 4]
        debts = debts.filter { $0.value > bound }
    }
}
#endif
