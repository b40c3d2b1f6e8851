import BkendWire
import Synchronization

/// Counts by key, in memory (a restart forgives). The generic cell rate algorithm: of each key only the moment is kept
/// at which it owes nothing any more, so that a key costs some dozens of bytes and no timer.
package final class RateLimiter<Key: Hashable & Sendable>: Sendable {
    /// What asking for one came to.
    package enum Outcome: Hashable, Sendable {
        /// It is given; so many more would be at this moment.
        case given(remaining: Int)
        /// It is refused; ask again after so many seconds.
        case refused(seconds: Int)
    }

    /// The limit that it keeps.
    package let limit: RateLimit
    private let capacity: Int
    private let debts = Mutex<[Key: Int64]>([:])

    /// A limiter that remembers at most so many keys. Past it, those that owe least are forgotten first.
    package init(_ limit: RateLimit, capacity: Int = 20_000) {
        self.limit = limit
        self.capacity = max(4, capacity)
    }

    /// Takes one.
    package func ask(_ key: Key, now: Timestamp) -> Outcome {
        let now = now.milliseconds * 1_000
        return debts.withLock { debts in
            // More than a window is owed only when the clock was set back, and that must not lock anyone out.
            let known = debts[key] ?? 0
            let next = max(known > now + window ? 0 : known, now) + interval
            guard next <= now + window else {
                return .refused(seconds: Int((next - window - now + 999_999) / 1_000_000))
            }
            if debts[key] == nil, debts.count >= capacity { makeRoom(in: &debts, now: now) }
            debts[key] = next
            return .given(remaining: Int((now + window - next) / interval))
        }
    }

    /// Takes one; nil when it is given, else the seconds after which to ask again.
    func take(_ key: Key, now: Timestamp) -> Int? {
        if case .refused(let seconds) = ask(key, now: now) { seconds } else { nil }
    }

    /// Gives back what was taken: it turned out not to count.
    func giveBack(_ key: Key) {
        debts.withLock { debts in
            if let owed = debts[key] { debts[key] = owed - interval }
        }
    }

    /// Forgets what a key owes.
    func forget(_ key: Key) { debts.withLock { $0[key] = nil } }

    /// How many keys are remembered.
    package var count: Int { debts.withLock { $0.count } }

    /// In microseconds, since limits of thousands a second have intervals below a millisecond.
    private var window: Int64 { Int64(limit.seconds) * 1_000_000 }
    private var interval: Int64 { max(1, window / Int64(limit.count)) }

    private func makeRoom(in debts: inout [Key: Int64], now: Int64) {
        debts = debts.filter { $0.value > now }
        guard debts.count >= capacity else { return }
        let bound = debts.values.sorted()[debts.count / 4]
        debts = debts.filter { $0.value > bound }
    }
}

extension RateLimiter where Key == ExactString {
    func take(_ key: String, now: Timestamp) -> Int? { take(ExactString(key), now: now) }

    func giveBack(_ key: String) { giveBack(ExactString(key)) }

    func forget(_ key: String) { forget(ExactString(key)) }
}
