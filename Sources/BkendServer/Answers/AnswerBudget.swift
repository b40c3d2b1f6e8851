import BkendAccounts
import BkendWire
import Synchronization

/// The memory that answers may take: those that are being built, and those that wait for a client to read them. Clients
/// that ask for much and read nothing would use up all there is.
///
/// - An answer of up to `smallAnswer` bytes takes nothing from it, so that such answers are never refused. Connections
///   bound what they take: a connection has one answer at a time.
/// - A client (an IPv4 address, the /64 of an IPv6 one) has at most half of it.
/// - The last quarter is for answers of up to `usualAnswer` bytes.
///
/// Past that an answer is refused with 503 and `Retry-After`, before anything is written or committed. And the answer that
/// holds most for its client's pace is dropped: one that would need longer than `longest` for what it holds. Two addresses
/// that take a few kilobytes a second would else keep everybody from large answers for hours.
final class AnswerBudget: Sendable {
    private struct State {
        var used = 0
        var clients: [ClientAddress?: Int] = [:]
        var refused = 0
        var held: [ObjectIdentifier: Held] = [:]
    }

    /// What one answer has.
    private struct Held {
        let since: ContinuousClock.Instant
        var bytes = 0
        /// What its client has taken.
        var taken = 0
        let drop: @Sendable () -> Void
    }

    /// The bytes that an answer may have without counting.
    static let smallAnswer = 64 << 10
    /// The bytes of answers that the last quarter is for.
    static let usualAnswer = 1 << 20
    /// How long an answer may need for what it holds, at the pace of its client so far, while others are refused.
    private static let longest = Duration.seconds(300)
    /// How old an answer is before its pace says anything.
    private static let least = Duration.seconds(20)
    /// Seconds that a refused client is to wait.
    private static let patience = 1

    /// The most bytes.
    let bytes: Int
    private let state = Mutex(State())

    init(bytes: Int) { self.bytes = bytes }

    /// The bytes that are taken.
    var used: Int { state.withLock { $0.used } }

    /// How many answers were refused.
    var refused: Int { state.withLock { $0.refused } }

    /// Takes bytes for an answer.
    ///
    /// - Parameter total: how many bytes the answer has with them.
    /// - Throws: `TooManyRequests` with 503 when they aren't to be had now.
    fileprivate func take(
        _ count: Int, total: Int, for client: ClientAddress?, _ answer: ObjectIdentifier,
        now: ContinuousClock.Instant = .now, drop: @escaping @Sendable () -> Void
    ) throws(TooManyRequests) {
        let limit = total > Self.usualAnswer ? bytes - bytes / 4 : bytes
        let (isGiven, slowest) = state.withLock { state -> (Bool, (@Sendable () -> Void)?) in
            let held = state.clients[client, default: 0]
            guard state.used + count <= limit, held + count <= bytes / 2 else {
                state.refused += 1
                // Whose own half is full waits for itself.
                return (false, state.used + count > limit ? Self.slowest(state.held, now: now) : nil)
            }
            state.used += count
            state.clients[client] = held + count
            state.held[answer, default: Held(since: now, drop: drop)].bytes += count
            return (true, nil)
        }
        if isGiven { return }
        slowest?()
        throw TooManyRequests(
            .serviceUnavailable, "too many large answers are on their way; read yours, or ask for fewer rows at once",
            retryAfterSeconds: Self.patience)
    }

    /// Ends the answer that holds most of those whose client would need too long for it.
    private static func slowest(
        _ held: [ObjectIdentifier: Held], now: ContinuousClock.Instant
    ) -> (@Sendable () -> Void)? {
        held.values.filter { answer in
            let age = answer.since.duration(to: now)
            return age > least && Double(answer.bytes) / longest.seconds > Double(answer.taken) / age.seconds
        }.max { $0.bytes < $1.bytes }?.drop
    }

    /// Forgets an answer that holds nothing any more.
    fileprivate func forget(_ answer: ObjectIdentifier) { state.withLock { _ = $0.held.removeValue(forKey: answer) } }

    fileprivate func give(_ count: Int, of client: ClientAddress?, _ answer: ObjectIdentifier) {
        state.withLock { state in
            state.used -= count
            state.held[answer]?.bytes -= count
            state.held[answer]?.taken += count
            let held = state.clients[client, default: 0] - count
            // Clients come and go: only those that hold something are kept.
            state.clients[client] = held > 0 ? held : nil
        }
    }
}

/// Who an answer's memory is counted for.
struct AnswerAccount: Sendable {
    let budget: AnswerBudget
    private let client: ClientAddress?
    private let drop: @Sendable () -> Void
    private let clock: @Sendable () -> ContinuousClock.Instant

    /// The account of a client, nil when its address isn't known.
    ///
    /// - Parameter drop: ends the connection when its answer is too slow for what it holds.
    init(
        _ budget: AnswerBudget, client: ClientAddress?, drop: @escaping @Sendable () -> Void = {},
        clock: @escaping @Sendable () -> ContinuousClock.Instant = { .now }
    ) {
        self.budget = budget
        self.client = client?.network
        self.drop = drop
        self.clock = clock
    }

    fileprivate func take(_ count: Int, total: Int, _ answer: AnswerLease) throws(TooManyRequests) {
        try budget.take(
            count, total: total, for: client, ObjectIdentifier(answer), now: clock(), drop: drop)
    }

    fileprivate func give(_ count: Int, _ answer: AnswerLease) {
        budget.give(count, of: client, ObjectIdentifier(answer))
    }

    fileprivate func forget(_ answer: AnswerLease) { budget.forget(ObjectIdentifier(answer)) }
}

extension Duration {
    fileprivate var seconds: Double { self / .seconds(1) }
}

/// What one answer has taken of the budget. Whatever becomes of the answer, the last of it is given back when nobody holds
/// this any more.
final class AnswerLease: Sendable {
    private let account: AnswerAccount
    private let held = Mutex(0)

    init(_ account: AnswerAccount) { self.account = account }

    deinit {
        account.give(held.withLock { $0 }, self)
        account.forget(self)
    }

    /// Takes bytes for an answer that has so many in all with them.
    ///
    /// - Throws: `TooManyRequests` with 503 when they aren't to be had now.
    func take(_ count: Int, total: Int) throws(TooManyRequests) {
        try account.take(count, total: total, self)
        held.withLock { $0 += count }
    }

    /// Gives bytes back.
    func give(_ count: Int) {
        let given = held.withLock { held in
            let given = min(count, held)
            held -= given
            return given
        }
        account.give(given, self)
    }
}
