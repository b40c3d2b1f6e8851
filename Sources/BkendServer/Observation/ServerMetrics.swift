import HTTPTypes
import Synchronization

/// What the server counts of itself, for the admin port.
final class ServerMetrics: Sendable {
    private struct Series: Hashable {
        let route: String
        let method: String
        let status: Int
    }
    private struct State {
        var requests: [Series: Int] = [:]
        var durations: [String: DurationHistogram] = [:]
    }
    private let state = Mutex(State())
    private let inFlight = Atomic<Int>(0)
    private let openConnections = Atomic<Int>(0)
    private let refusedByRate = Atomic<Int>(0)
    private let closed = Mutex<[ConnectionEnd: Int]>([:])
    private let refused = Mutex<[String: Int]>([:])
    private let overBudget = Atomic<Int>(0)
    private let failedMails = Atomic<Int>(0)
    private let withheldMails = Atomic<Int>(0)
    private let transactions = Atomic<Int>(0)
    private let groupedWrites = Atomic<Int>(0)
    private let writerWait = Mutex(DurationHistogram())
    /// The line of slow reads, the lines of writes together, the line of passwords to be hashed.
    let (reads, writes, hashing) = (QueueMetrics(), QueueMetrics(), QueueMetrics())

    /// The streams of the change feed.
    let streams = StreamMetrics()

    func began() { inFlight.add(1, ordering: .relaxed) }

    func ended() { inFlight.subtract(1, ordering: .relaxed) }

    func connected() { openConnections.add(1, ordering: .relaxed) }

    func disconnected() { openConnections.subtract(1, ordering: .relaxed) }

    /// The server closed a connection.
    func closedConnection(_ why: ConnectionEnd) { closed.withLock { $0[why, default: 0] += 1 } }

    /// A connection past a limit came; nil when it was closed without an answer.
    func refusedConnection(_ limit: String?) { refused.withLock { $0[limit ?? "unanswered", default: 0] += 1 } }

    func rateLimited() { refusedByRate.add(1, ordering: .relaxed) }

    /// An answer was larger than its route's budget.
    func answeredOverBudget() { overBudget.add(1, ordering: .relaxed) }

    func mailFailed() { failedMails.add(1, ordering: .relaxed) }

    func mailWithheld() { withheldMails.add(1, ordering: .relaxed) }

    /// How many connections are open.
    var connections: Int { openConnections.load(ordering: .relaxed) }

    /// A request was answered.
    func answered(_ trace: RequestTrace, status: Int, duration: Duration) {
        let route = trace.pattern
        let series = Series(route: route, method: Self.name(of: trace.method), status: status)
        state.withLock { state in
            state.requests[series, default: 0] += 1
            state.durations[route, default: DurationHistogram()].add(duration)
        }
    }

    /// What came was no request, and was answered so.
    func answeredUnreadable(status: Int) {
        let series = Series(route: "unreadable", method: "other", status: status)
        state.withLock { $0.requests[series, default: 0] += 1 }
    }

    /// A write got its turn after so long.
    func writerWaited(_ duration: Duration) { writerWait.withLock { $0.add(duration) } }

    /// A transaction with so many writes was committed.
    func committed(_ writes: Int) {
        transactions.add(1, ordering: .relaxed)
        groupedWrites.add(writes, ordering: .relaxed)
    }

    /// Methods are the client's choice, and each would be a series of its own.
    private static func name(of method: HTTPRequest.Method) -> String {
        switch method {
        case .get, .head, .post, .patch, .put, .delete, .options: method.rawValue
        default: "other"
        }
    }

    /// Writes what was counted.
    func write(to out: inout Exposition) {
        let state = state.withLock { $0 }
        out.family("bkend_requests_total", .counter, "Requests answered.")
        for (series, count) in state.requests.sorted(by: { Self.precedes($0.key, $1.key) }) {
            let labels = [("route", series.route), ("method", series.method), ("status", "\(series.status)")]
            out.sample("bkend_requests_total", labels, count)
        }
        out.family(
            "bkend_request_duration_seconds", .histogram, "Time from a request's header to its answer's, by route.")
        for (route, histogram) in state.durations.sorted(by: { $0.key < $1.key }) {
            out.histogram("bkend_request_duration_seconds", [("route", route)], histogram)
        }
        out.family("bkend_requests_in_flight", .gauge, "Requests that are being answered.")
        out.sample("bkend_requests_in_flight", [], inFlight.load(ordering: .relaxed))
        out.family("bkend_connections", .gauge, "Open connections, streams among them.")
        out.sample("bkend_connections", [], connections)
        streams.write(to: &out)
        out.family("bkend_connections_refused_total", .counter, "Connections past the limits, by limit.")
        let refused = refused.withLock { $0 }
        for reason in ["address", "total", "unanswered"] {
            out.sample("bkend_connections_refused_total", [("reason", reason)], refused[reason] ?? 0)
        }
        out.family("bkend_connections_closed_total", .counter, "Connections that the server closed, by reason.")
        let closed = closed.withLock { $0 }
        for reason in ConnectionEnd.allCases {
            out.sample("bkend_connections_closed_total", [("reason", reason.rawValue)], closed[reason] ?? 0)
        }
        out.family("bkend_rate_limited_total", .counter, "Requests refused by the rate limit of keys and clients.")
        out.sample("bkend_rate_limited_total", [], refusedByRate.load(ordering: .relaxed))
        out.family(
            "bkend_answers_over_budget_total", .counter,
            "Answers larger than their route's budget: a fault of the server, which its log names.")
        out.sample("bkend_answers_over_budget_total", [], overBudget.load(ordering: .relaxed))
        out.family("bkend_mail_failures_total", .counter, "Mails to users that could not be sent.")
        out.sample("bkend_mail_failures_total", [], failedMails.load(ordering: .relaxed))
        out.family(
            "bkend_mails_withheld_total", .counter,
            "Mails to reset a password that were not sent since their account had enough of them.")
        out.sample("bkend_mails_withheld_total", [], withheldMails.load(ordering: .relaxed))
        out.family("bkend_writer_wait_seconds", .histogram, "Time that writes waited for their turn at a database.")
        out.histogram("bkend_writer_wait_seconds", [], writerWait.withLock { $0 })
        out.family(
            "bkend_write_transactions_total", .counter,
            "Transactions of writes; those that wait at the same time share one.")
        out.sample("bkend_write_transactions_total", [], transactions.load(ordering: .relaxed))
        out.family("bkend_writes_total", .counter, "Writes in those transactions, without refused ones.")
        out.sample("bkend_writes_total", [], groupedWrites.load(ordering: .relaxed))
        QueueMetrics.write([("reads", reads), ("writes", writes), ("hashing", hashing)], to: &out)
    }

    private static func precedes(_ a: Series, _ b: Series) -> Bool {
        (a.route, a.method, a.status) < (b.route, b.method, b.status)
    }
}
