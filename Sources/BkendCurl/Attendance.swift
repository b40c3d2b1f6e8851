/// Whether a task that has sent a small request waits for the answer in person for a moment, before it suspends.
///
/// A server on the same machine answers within some tens of microseconds; suspending and being woken by the loop's
/// thread takes as long again. But a wait in vain keeps a thread of the cooperative pool from other work. So a task
/// waits only when no other transfer is running, never longer than `nanoseconds`, and, once waiting has been in vain a
/// few times, only on every `probeInterval`-th occasion, to learn whether that has changed. Pure.
struct Attendance {
    /// The longest wait.
    static let nanoseconds = 150_000
    private static let highestCredit = 8
    private static let probeInterval = 64

    /// Falls with each wait in vain, rises with each that paid.
    private var credit = 2
    private var skipped = 0

    /// Whether to wait on this occasion.
    mutating func isWorthwhile() -> Bool {
        if credit > 0 { return true }
        skipped += 1
        guard skipped >= Self.probeInterval else { return false }
        skipped = 0
        return true
    }

    /// What came of a wait.
    mutating func waited(answered: Bool) {
        credit = answered ? min(Self.highestCredit, credit + 1) : max(0, credit - 2)
    }
}
