#if Server
import BkendWire
import HTTPTypes

/// The most that one request may cost the server, whoever sends it and whatever it holds.
///
/// This is the one place where the costs of all routes stand. A body is read up to `bodyBytes`, and an answer past
/// `answerBytes` counts as a fault of the server (`bkend_answers_over_budget_total`); `make fuzz` looks for requests that
/// pass either, or `memoryBytes`. docs/budgets.md shows the table for the default limits, and a test compares it.
package struct RouteBudget: Hashable, Sendable {
    /// Where a request may have to wait for others. Each place has bounds of its own (`ServerLimits`), fair shares, and
    /// an answer, 429 or 503, for whoever finds it full.
    package enum Queue: String, CaseIterable, Sendable {
        /// Reads that take more than a moment, and the work on large bodies, queries and records.
        case reads
        /// The one writer of an environment.
        case writer
        /// Hashes of passwords.
        case hashing
        /// Mails.
        case mail
    }

    /// Bytes of the body that are read; 413 past them.
    package var bodyBytes = 0
    /// Bytes of the answer's body.
    package var answerBytes: Int
    /// Bytes of memory while the request is answered, beyond those of an idle server.
    package var memoryBytes: Int
    /// Where the request waits.
    package var queues: [Queue] = []
    /// Bytes of records that are written; log and disk take a few times as many, for index entries and whole pages.
    package var writtenBytes = 0

    /// The most bytes of an error: 100 details of bounded paths and texts.
    package static let errorBytes = 128 << 10
}

extension Route {
    /// The budget of a request by that method.
    func budget(_ method: HTTPRequest.Method, _ limits: ServerLimits) -> RouteBudget {
        let isRead = method == .get || method == .head || method == .options
        switch self {
        case .health: return RouteBudget(answerBytes: RouteBudget.errorBytes, memoryBytes: 1 << 20)
        case .table:
            if isRead {
                // The page itself, and what the buffer that grows by doubling leaves behind.
                return RouteBudget(
                    answerBytes: limits.largestPage + RouteBudget.wrapping,
                    memoryBytes: 3 * limits.largestPage + RouteBudget.baseMemory, queues: [.reads])
            }
            return limits.writing(records: limits.recordsPerCreate)
        case .record:
            if isRead {
                // An import may have put in larger ones than requests can make.
                return RouteBudget(
                    answerBytes: ServerLimits.anyRecord + RouteBudget.wrapping,
                    memoryBytes: 8 * ServerLimits.anyRecord + RouteBudget.baseMemory, queues: [.reads])
            }
            var budget = limits.writing(records: 1)
            if method == .delete { (budget.bodyBytes, budget.answerBytes) = (0, RouteBudget.errorBytes) }
            return budget
        case .spec, .openAPI:
            return RouteBudget(answerBytes: 16 << 20, memoryBytes: 128 << 20)
        case .account(let route): return route.budget(method, limits)
        }
    }
}

extension AccountRoute {
    /// The budget of a request by that method.
    func budget(_ method: HTTPRequest.Method, _ limits: ServerLimits) -> RouteBudget {
        var budget = RouteBudget(answerBytes: RouteBudget.errorBytes, memoryBytes: RouteBudget.baseMemory)
        switch self {
        // A page has at most 100 users or sessions, each bounded by the rules of its fields.
        case .users where method != .post, .usersView, .sessions: budget.answerBytes = 2 << 20
        default: break
        }
        guard takesBody(method) || method == .delete || self == .signOut else { return budget }
        budget.bodyBytes = takesBody(method) ? min(limits.bodyBytes, limits.accountBodyBytes) : 0
        if budget.bodyBytes > ServerLimits.momentBody { budget.queues.append(.reads) }
        if hashes(method) {
            budget.queues.append(.hashing)
            budget.memoryBytes += RouteBudget.hashMemory
        }
        budget.queues.append(.writer)
        budget.writtenBytes = 64 << 10
        if self == .requestPasswordReset { budget.queues.append(.mail) }
        return budget
    }

    private func hashes(_ method: HTTPRequest.Method) -> Bool {
        switch self {
        case .signUp, .signIn, .changePassword, .confirmPasswordReset: true
        case .users: method == .post
        default: false
        }
    }
}

extension RouteBudget {
    /// `{"success":true,"data":…}`, `{"items":[…],"pagination":…}` and the commas.
    fileprivate static let wrapping = 4 << 10
    /// The path, the query, the headers, a body of an account, SQLite's caches.
    fileprivate static let baseMemory = 48 << 20
    /// One hash of scrypt with N = 2^17 and r = 8 (RFC 7914 §2: 128 × N × r bytes).
    fileprivate static let hashMemory = 128 << 20

    /// The bytes of a request's body that are read, by its target; of one that leads nowhere, those of records.
    static func bodyBytes(_ target: String, _ method: String, _ limits: ServerLimits) -> Int {
        guard let route = try? Route(path: target.utf8.prefix { $0 != 0x3F }),
            let method = HTTPRequest.Method(rawValue: method)
        else { return limits.bodyBytes }
        return route.budget(method, limits).bodyBytes
    }

    /// The budget of a route by its pattern, `/v1/data/:table/:id`.
    package static func of(_ pattern: String, _ method: String, _ limits: ServerLimits) -> RouteBudget {
        let method = HTTPRequest.Method(rawValue: method) ?? .get
        let path = pattern.replacing(":table", with: "table")
        guard let route = try? Route(path: path.utf8) else {
            return RouteBudget(answerBytes: errorBytes, memoryBytes: baseMemory)
        }
        return route.budget(method, limits)
    }
}

extension ServerLimits {
    /// What a write of so many records may cost. Its JSON is held as text, as values and once more as stored text; a
    /// record that is changed is read, changed and written whole, also one that an import has made larger than requests
    /// can.
    fileprivate func writing(records: Int) -> RouteBudget {
        let stored = records == 1 ? ServerLimits.anyRecord : largestPage
        return RouteBudget(
            bodyBytes: bodyBytes, answerBytes: stored + RouteBudget.wrapping,
            memoryBytes: RouteBudget.baseMemory + 48 * bodyBytes + 6 * stored, queues: [.reads, .writer],
            writtenBytes: stored)
    }
}
#endif
