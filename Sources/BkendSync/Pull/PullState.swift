import BkendWire

/// What a subscription holds between events.
struct PullState: Sendable {
    /// What it is doing.
    enum Phase: Sendable {
        case idle
        case first(FirstPull, startedAt: SyncInstant)
        case round(PullRound)
        /// A poll's question: the newest row and the total, at every second poll another count.
        case poll(PullAsk)
        /// After a round: the total, then a part of the ids.
        case totals(PullAsk)
        case bisecting(Comparison)
        case full(Comparison, IDRange)
    }

    /// Whether everything was read since the start, or since the app asked for it.
    enum Reading: Sendable, Hashable {
        case unread
        /// The app asked while something was under way, which may have been answered before: it doesn't count.
        case askedAgain
        case complete
    }

    /// A comparison under way.
    struct Comparison: Sendable {
        var bisection: Bisection?
        /// The bisection's question that is to be asked.
        var ask: Bisection.Ask?
        /// Members that answers didn't show, with the mark of the request.
        var leaving: [(id: String, mark: Int64)] = []
        /// The store's mark when it began.
        var mark: Int64
        /// When the first question that it rests on was asked.
        var askedAt: SyncInstant
        /// The server's time when it was first answered.
        var began: Timestamp?
    }

    /// Rows to be read again before anything else, and the cursor that waits for them.
    struct Reread: Sendable {
        var ids: [String]
        var attempts = 0
        var cursor: String?
    }

    let number: Int64
    /// Who asks; what one user has seen says nothing about what another may see.
    let user: String
    var query: SubscriptionQuery
    var progress: PullProgress
    var phase = Phase.idle
    var reread: Reread?
    /// Whether the overlap was read once more after the server's time had passed it.
    var isSettled = false
    /// The number of rows at or past a bound, as the last round saw it.
    var overlap: (bound: String, count: Int)?
    /// How many polls there were: it decides which question one asks beside the newest row.
    var polls = 0
    /// When the next step is due.
    var due: SyncInstant
    /// The time between polls now.
    var interval: Duration
    /// Failures in a row.
    var attempts = 0
    /// Comparisons in a row that found something.
    var comparisons = 0
    /// When it was compared last although the table had moved at every look.
    var comparedMoving: SyncInstant?
    /// A sign that updates were missed.
    var wantsFull = false
    /// Whether anything was new since the last poll.
    var isActive = false
    /// When a look found that most rows are gone: another one must find the same.
    var massLeaving: SyncInstant?
    /// A round must begin, whatever the counts say.
    var mustRead = true
    /// Whether everything was read since the start, or since the app asked for it.
    var reading = Reading.unread

    /// Whether it was asked as this user.
    func isOf(_ user: String) -> Bool { self.user.hasSameBytes(as: user) }
}
