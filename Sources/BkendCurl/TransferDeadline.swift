/// When a transfer has taken too long, in nanoseconds of the monotonic clock. Pure: whoever asks brings the time.
///
/// Connecting is timed by libcurl, which alone knows when it does that.
struct TransferDeadline {
    enum Expiry: Equatable {
        case idle
        case total
    }

    private var idleLimit: UInt64 = .max
    private var total: UInt64 = .max
    private var lastActivity: UInt64?

    /// Nothing expires.
    init() {}

    /// - Parameters:
    ///   - idle: longest silence once the request has begun to leave.
    ///   - total: longest time in all, from `now`.
    init(idle: Duration?, total: Duration?, now: UInt64) {
        idleLimit = idle.map(\.clampedNanoseconds) ?? .max
        self.total = total.map { now + $0.clampedNanoseconds } ?? .max
    }

    /// The request begins to leave: from here on silence counts.
    mutating func requestLeaves(now: UInt64) {
        lastActivity = now
    }

    /// Bytes moved in either direction.
    mutating func sawActivity(now: UInt64) {
        if lastActivity != nil { lastActivity = now }
    }

    /// Until when the transfer may go on; silence does not count while this side is the one that is waited for.
    func next(isWaitingForUs: Bool) -> UInt64 {
        guard let lastActivity, idleLimit != .max, !isWaitingForUs else { return total }
        return min(total, lastActivity + idleLimit)
    }

    /// What has expired.
    func expiry(now: UInt64, isWaitingForUs: Bool) -> Expiry? {
        if now >= total { return .total }
        return now >= next(isWaitingForUs: isWaitingForUs) ? .idle : nil
    }
}
