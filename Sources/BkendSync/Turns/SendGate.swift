/// Whether anything may be sent at all. One record that fails closes nothing; failures of several different things in
/// a row, a foreign answer or a server's plea for patience close it for a while. After that one request at a time goes
/// out until a bkend server answers.
package struct SendGate: Sendable, Hashable {
    /// Why it is closed.
    package enum Reason: Sendable, Hashable {
        /// No network.
        case unreachable
        /// The server fails, or asks for patience.
        case patience
        /// Nothing is sent until this is gone.
        case paused(PauseReason)
    }

    /// How many different things must fail in a row.
    package static let limit = 3

    /// Why it closed last; nil after a success.
    package private(set) var reason: Reason?
    /// When it opens for one request.
    package private(set) var closedUntil: SyncInstant?
    /// Whether the last thing that failed since then couldn't leave: there is no connection, whoever asks for one.
    package private(set) var isCutOff = false
    /// Whether somebody asked to try now, and nothing has come of it yet.
    package private(set) var isAsked = false
    /// What has failed since the last success, each once, in order.
    private var failing: [String] = []
    /// When it closed last by what an answer said, rather than by failures.
    private var askedAt: SyncInstant?
    /// How often it has closed since the last success.
    private var attempts = 0

    /// An open gate.
    package init() {}

    /// Whether another request may go out while so many are under way.
    package func admits(at now: SyncInstant, underWay: Int) -> Bool {
        guard let closedUntil else { return true }
        return now >= closedUntil && underWay == 0
    }

    /// A bkend server answered a request of a moment. One that left before the server asked for patience, or refused
    /// everything, says nothing about that.
    package mutating func succeeded(sentAt: SyncInstant) {
        if let askedAt, sentAt <= askedAt {
            failing = []
        } else {
            self = SendGate()
        }
    }

    /// Something failed in a way that may hit everything. `key` names it.
    ///
    /// - Parameter isUnsent: whether no byte of it left.
    package mutating func failed(
        _ key: String, _ reason: Reason, isUnsent: Bool = false, at now: SyncInstant, ceiling: Duration,
        using random: inout SyncRandom
    ) {
        isCutOff = isUnsent
        isAsked = false
        if !failing.contains(key) { failing.append(key) }
        // While it is closed, the fate of requests sent before says nothing new; the probe's does.
        if let closedUntil, now < closedUntil { return }
        if closedUntil == nil && failing.count < Self.limit { return }
        shut(reason, at: now, wait: nil, ceiling: ceiling, cap: ceiling, using: &random)
    }

    /// Closes at once, because an answer said so.
    package mutating func close(
        _ reason: Reason, at now: SyncInstant, wait asked: Duration?, ceiling: Duration, cap: Duration,
        using random: inout SyncRandom
    ) {
        askedAt = now
        shut(reason, at: now, wait: asked, ceiling: ceiling, cap: cap, using: &random)
    }

    private mutating func shut(
        _ reason: Reason, at now: SyncInstant, wait asked: Duration?, ceiling: Duration, cap: Duration,
        using random: inout SyncRandom
    ) {
        isAsked = false
        if let closedUntil, now < closedUntil, asked == nil { return }
        attempts += 1
        if reason != .unreachable { isCutOff = false }
        self.reason = reason
        let wait = Backoff.wait(retryAfter: asked, cap: cap, attempt: attempts, ceiling: ceiling, using: &random)
        closedUntil = max(closedUntil ?? now, now.advanced(by: wait))
    }

    /// Lets one request through now, whatever was waited for.
    package mutating func tryNow(at now: SyncInstant) {
        if closedUntil != nil { closedUntil = now }
        isAsked = true
    }
}
