import BkendDocuments
import BkendStorage
import BkendWire

/// What one answer of the change feed may take.
struct FeedBudget: Sendable {
    /// The bytes of records, unless one alone is larger.
    var bytes = 1 << 20
    /// The time after which nothing more is begun.
    var time = Duration.milliseconds(20)
}

/// How much of an answer's budget is left.
struct FeedSpending {
    let budget: FeedBudget
    let deadline: ContinuousClock.Instant
    private(set) var bytes = 0
    /// Whether some subscription has come further: only then the others may be left for the next answer.
    var hasProgress = false

    init(_ budget: FeedBudget) {
        self.budget = budget
        deadline = .now.advanced(by: budget.time)
    }

    var isLate: Bool { deadline <= .now }

    func hasRoom(for more: Int) -> Bool { bytes + more <= budget.bytes }

    mutating func spend(_ more: Int) { bytes += more }
}

/// Walks through a table's changes for all its subscriptions at once, so that they end at one position: what one of them
/// tells never contradicts what another tells.
///
/// A page ends between two writes, so that nobody sees half of one; only a write that is larger than an answer is told in
/// several. Where the first change alone is too much for all subscriptions, some are left for the next answer, as if they
/// hadn't been asked for.
struct FeedWalk {
    private(set) var followers: [FeedFollower]
    /// The position up to which everything is told.
    private(set) var end: Int64
    /// Whether there are changes after it.
    private(set) var hasMore = false
    /// What is answered to those who aren't told of changes.
    private(set) var others: [Int: FeedPage] = [:]
    /// Those who are left for the next answer.
    private(set) var left: Set<Int> = []

    private let operations: RecordOperations
    private let attempt: ReadAttempt
    private let start: Int64
    /// The subscriptions as they were before the write whose changes are being looked at.
    private var whole: [FeedFollower]
    /// The bytes of what that write adds.
    private var pending = 0
    private var write: Int64?
    /// The last change that was looked at, and the last one before its write.
    private var last: Int64
    private var boundary: Int64

    init(_ followers: [FeedFollower], _ operations: RecordOperations, _ attempt: ReadAttempt) {
        self.followers = followers
        self.operations = operations
        self.attempt = attempt
        whole = followers
        start = followers.map(\.since).min() ?? 0
        (end, last, boundary) = (start, start, start)
    }

    /// Walks as far as the budget allows.
    ///
    /// - Parameters:
    ///   - owner: the user whose records alone the caller may see; nil for all.
    ///   - newest: the position of the environment's last change.
    mutating func run(
        owner: String?, newest: Int64, _ spending: inout FeedSpending, in session: any DocumentSession
    ) throws {
        try session.changes(of: operations.table, owner: owner, after: start) { change in
            if write != change.first { beginWrite(change, &spending) }
            if spending.isLate, last > start || spending.hasProgress {
                cut(&spending)
                return false
            }
            return try take(change, &spending, in: session)
        }
        guard !hasMore else { return }
        spending.spend(pending)
        end = newest
        if last > start { spending.hasProgress = true }
    }

    private mutating func beginWrite(_ change: LoggedChange, _ spending: inout FeedSpending) {
        spending.spend(pending)
        (pending, write, boundary, whole) = (0, change.first, last, followers)
    }

    /// Looks at a change; false when it isn't told any more.
    private mutating func take(
        _ change: LoggedChange, _ spending: inout FeedSpending, in session: any DocumentSession
    ) throws -> Bool {
        let (operations, attempt, count) = (operations, attempt, followers.count)
        try attempt.expect(.record(bytes: (change.before?.count ?? 0) * count))
        var record = FeedRecord(operations) {
            let text = try session.document(change.id, in: operations.table)
            try attempt.expect(.record(bytes: (text?.bytes.count ?? 0) * count))
            return text
        }
        let mayEndHere = last > start || spending.hasProgress
        var told: [(follower: Int, outcome: FeedFollower.Outcome)] = []
        var bytes = 0
        var hasTried = false
        for place in followers.indices {
            let follower = followers[place]
            if others[follower.index] != nil || left.contains(follower.index) { continue }
            // Nothing but the first one has to come further.
            if hasTried, spending.isLate {
                if mayEndHere { return stop(&spending) }
                left.insert(follower.index)
                continue
            }
            let found = try outcome(of: change, for: follower, now: &record)
            hasTried = hasTried || others[follower.index] == nil
            guard let outcome = found else { continue }
            let isFull =
                !spending.hasRoom(for: pending + bytes + outcome.bytes) || !follower.hasRoom(for: change.id)
            if isFull, mayEndHere { return stop(&spending) }
            // A record that is larger than an answer is told all the same, but to one.
            if isFull, !told.isEmpty {
                left.insert(follower.index)
                continue
            }
            told.append((place, outcome))
            bytes += outcome.bytes
        }
        for (place, outcome) in told { followers[place].tell(outcome, of: change.id) }
        pending += bytes
        last = change.position
        return true
    }

    /// What a change means for one subscription. What fails is that one's alone.
    private mutating func outcome(
        of change: LoggedChange, for follower: FeedFollower, now record: inout FeedRecord
    ) throws -> FeedFollower.Outcome? {
        do { return try follower.outcome(of: change, now: &record) } catch is FeedFollower.UntriableImage {
            others[follower.index] = .expired(.changed)
        } catch  where error is PatternLimitExceeded || error is DamagedDocument {
            others[follower.index] = .refused(ErrorBody(answering: error))
        }
        return nil
    }

    private mutating func stop(_ spending: inout FeedSpending) -> Bool {
        cut(&spending)
        return false
    }

    /// Ends the page: before the write that is being looked at, or inside where there is nothing before.
    private mutating func cut(_ spending: inout FeedSpending) {
        if boundary > start || spending.hasProgress {
            followers = whole
            end = boundary
        } else {
            spending.spend(pending)
            end = last
        }
        if end > start { spending.hasProgress = true }
        hasMore = true
    }
}
