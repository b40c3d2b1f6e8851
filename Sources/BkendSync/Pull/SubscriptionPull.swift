import BkendWire

/// The pull of one subscription: what it holds between events.
struct SubscriptionPull: Sendable {
    /// What it is doing.
    enum Activity: Sendable {
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

    /// The number of rows at or past a bound.
    struct Overlap: Sendable, Hashable {
        var bound: String
        var count: Int
    }

    let number: Int64
    /// Who asks; what one user has seen says nothing about what another may see.
    let user: String
    var query: SubscriptionQuery
    var progress: PullProgress
    var activity = Activity.idle
    var reread: Reread?
    /// Whether everything was read since the start, or since the app asked for it.
    var reading = Reading.unread

    // MARK: When it asks

    /// When the next step is due.
    var due: SyncInstant
    /// The time between polls now.
    var interval: Duration
    /// How many polls there were: it decides which question one asks beside the newest row.
    var polls = 0
    /// Failures in a row.
    var attempts = 0
    /// Whether anything was new since the last poll.
    var isActive = false

    // MARK: What it must read

    /// A round must begin, whatever the counts say.
    var mustRead = true
    /// Whether the overlap was read once more after the server's time had passed it.
    var isSettled = false
    /// The overlap as the last round saw it.
    var overlap: Overlap?

    // MARK: What it must compare

    /// A sign that updates were missed.
    var wantsFull = false
    /// Comparisons in a row that found something.
    var comparisons = 0
    /// When it was compared last although the table had moved at every look.
    var comparedMoving: SyncInstant?
    /// When a look found that most rows are gone: another one must find the same.
    var massLeaving: SyncInstant?

    init(
        number: Int64, user: String, query: SubscriptionQuery, progress: PullProgress, due: SyncInstant,
        interval: Duration
    ) {
        self.number = number
        self.user = user
        self.query = query
        self.progress = progress
        self.due = due
        self.interval = interval
    }

    /// Whether it was asked as this user.
    func isOf(_ user: String) -> Bool { self.user.hasSameBytes(as: user) }

    /// The server's clock went back: rows are stamped from there again.
    mutating func clockWentBack(to moment: Timestamp) {
        progress.drainedAt = min(progress.drainedAt ?? moment, moment)
        isSettled = false
        mustRead = true
    }

    /// An answer is not coming, or came to nothing.
    mutating func abandon(_ ask: PullAsk) {
        askAgain(ask)
        if case .poll = activity { activity = .idle }
    }

    /// A question of the first pull goes out again.
    mutating func askAgain(_ ask: PullAsk) {
        guard case .first(let question) = ask, case .first(var first, let startedAt) = activity else { return }
        first.failed(question)
        activity = .first(first, startedAt: startedAt)
    }
}

extension SubscriptionPull {
    /// The state to show.
    func status(at now: SyncInstant) -> SubscriptionStatus {
        var phase = SubscriptionStatus.Phase.filling
        switch progress.refusal {
        case .query(let reason): phase = .paused(reason)
        case .denied: phase = .denied
        case nil: if progress.isFilled { phase = .current }
        }
        var status = SubscriptionStatus(
            id: number, table: query.table, phase: phase, lastSuccess: progress.drainedAt?.date)
        status.isUpToDate = reading == .complete
        if case .first(let first, let startedAt) = activity {
            status.received = first.received
            status.expected = first.expected
            let seconds = startedAt.duration(to: now) / .seconds(1)
            if seconds > 0, first.received > 0 { status.rate = Double(first.received) / seconds }
        }
        return status
    }
}
