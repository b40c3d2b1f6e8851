#if Server
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
/// Past that an answer is refused with 503 and `Retry-After`, before anything is written or committed.
final class AnswerBudget: Sendable {
    private struct State {
        var used = 0
        var clients: [ClientAddress?: Int] = [:]
        var refused = 0
    }

    /// The bytes that an answer may have without counting.
    static let smallAnswer = 64 << 10
    /// The bytes of answers that the last quarter is for.
    static let usualAnswer = 1 << 20
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
    fileprivate func take(_ count: Int, total: Int, for client: ClientAddress?) throws(TooManyRequests) {
        let limit = total > Self.usualAnswer ? bytes - bytes / 4 : bytes
        let isGiven = state.withLock { state in
            let held = state.clients[client, default: 0]
            guard state.used + count <= limit, held + count <= bytes / 2 else {
                state.refused += 1
                return false
            }
            state.used += count
            state.clients[client] = held + count
            return true
        }
        if isGiven { return }
        throw TooManyRequests(
            .serviceUnavailable, "too many large answers are on their way; read yours, or ask for fewer rows at once",
            retryAfterSeconds: Self.patience)
    }

    fileprivate func give(_ count: Int, of client: ClientAddress?) {
        state.withLock { state in
            state.used -= count
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

    /// The account of a client, nil when its address isn't known.
    init(_ budget: AnswerBudget, client: ClientAddress?) {
        self.budget = budget
        self.client = client?.network
    }

    fileprivate func take(_ count: Int, total: Int) throws(TooManyRequests) {
        try budget.take(count, total: total, for: client)
    }

    fileprivate func give(_ count: Int) { budget.give(count, of: client) }
}

/// What one answer has taken of the budget. Whatever becomes of the answer, the last of it is given back when nobody holds
/// this any more.
final class AnswerLease: Sendable {
    private let account: AnswerAccount
    private let held = Mutex(0)

    init(_ account: AnswerAccount) { self.account = account }

    deinit { account.give(held.withLock { $0 }) }

    /// Takes bytes for an answer that has so many in all with them.
    ///
    /// - Throws: `TooManyRequests` with 503 when they aren't to be had now.
    func take(_ count: Int, total: Int) throws(TooManyRequests) {
        try account.take(count, total: total)
        held.withLock { $0 += count }
    }

    /// Gives bytes back.
    func give(_ count: Int) {
        let given = held.withLock { held in
            let given = min(count, held)
            held -= given
            return given
        }
        account.give(given)
    }
}
#endif
