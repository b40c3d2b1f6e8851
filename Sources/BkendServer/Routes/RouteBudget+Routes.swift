import BkendWire
import HTTPTypes

// The budgets that `Route.all` names. docs/budgets.md shows them for the default limits.

extension RouteBudget {
    /// `{"success":true,"data":…}`, `{"items":[…],"pagination":…}` and the commas.
    private static let wrapping = 4 << 10
    /// The path, the query, the headers, a body of an account, SQLite's caches.
    private static let baseMemory = 48 << 20
    /// One hash of scrypt with N = 2^17 and r = 8 (RFC 7914 §2: 128 × N × r bytes).
    private static let hashMemory = 128 << 20

    static func health(_: ServerLimits) -> RouteBudget { RouteBudget(answerBytes: errorBytes, memoryBytes: 1 << 20) }

    // MARK: Records

    /// A page of records: the page itself, and what the buffer that grows by doubling leaves behind.
    static func page(_ limits: ServerLimits) -> RouteBudget {
        RouteBudget(
            answerBytes: limits.largestPage + wrapping, memoryBytes: 3 * limits.largestPage + baseMemory,
            queues: [.reads])
    }

    static func create(_ limits: ServerLimits) -> RouteBudget { writing(limits.largestPage, limits) }

    /// Changes: as many records as an answer may have, or one that is larger.
    static func changes(_ limits: ServerLimits) -> RouteBudget {
        RouteBudget(
            bodyBytes: min(limits.bodyBytes, 256 << 10), answerBytes: ServerLimits.anyRecord + (1 << 20) + errorBytes,
            memoryBytes: 8 * ServerLimits.anyRecord + baseMemory, queues: [.reads])
    }

    /// One record. An import may have put in larger ones than requests can make.
    static func record(_: ServerLimits) -> RouteBudget {
        RouteBudget(
            answerBytes: ServerLimits.anyRecord + wrapping, memoryBytes: 8 * ServerLimits.anyRecord + baseMemory,
            queues: [.reads])
    }

    static func update(_ limits: ServerLimits) -> RouteBudget { writing(ServerLimits.anyRecord, limits) }

    static func delete(_ limits: ServerLimits) -> RouteBudget {
        var budget = update(limits)
        (budget.bodyBytes, budget.answerBytes) = (0, errorBytes)
        return budget
    }

    static func spec(_: ServerLimits) -> RouteBudget { RouteBudget(answerBytes: 16 << 20, memoryBytes: 128 << 20) }

    /// A write of records. Its JSON is held as text, as values and once more as stored text; a record that is changed is
    /// read, changed and written whole, also one that an import has made larger than requests can.
    private static func writing(_ stored: Int, _ limits: ServerLimits) -> RouteBudget {
        RouteBudget(
            bodyBytes: limits.bodyBytes, answerBytes: stored + wrapping,
            memoryBytes: baseMemory + 48 * limits.bodyBytes + 6 * stored, queues: [.reads, .writer],
            writtenBytes: stored)
    }

    // MARK: Accounts

    /// One user.
    static func account(_: ServerLimits) -> RouteBudget {
        RouteBudget(answerBytes: errorBytes, memoryBytes: baseMemory)
    }

    /// A page has at most 100 users or sessions, each bounded by the rules of its fields.
    static func accountList(_: ServerLimits) -> RouteBudget {
        RouteBudget(answerBytes: 2 << 20, memoryBytes: baseMemory)
    }

    /// A write without a body.
    static func accountRemoval(_ limits: ServerLimits) -> RouteBudget {
        var budget = account(limits)
        budget.queues = [.writer]
        budget.writtenBytes = 64 << 10
        return budget
    }

    /// A write with a body.
    static func accountChange(_ limits: ServerLimits) -> RouteBudget {
        var budget = accountRemoval(limits)
        budget.bodyBytes = min(limits.bodyBytes, limits.accountBodyBytes)
        if ReadAttempt.Work.body(bytes: budget.bodyBytes).isLong { budget.queues.insert(.reads, at: 0) }
        return budget
    }

    /// A write with a password.
    static func hashing(_ limits: ServerLimits) -> RouteBudget {
        var budget = accountChange(limits)
        budget.queues.insert(.hashing, at: budget.queues.count - 1)
        budget.memoryBytes += hashMemory
        return budget
    }

    /// A write after which a mail is sent.
    static func mailing(_ limits: ServerLimits) -> RouteBudget {
        var budget = accountChange(limits)
        budget.queues.append(.mail)
        return budget
    }

    // MARK: Files

    /// The record of one file.
    static func file(_ limits: ServerLimits) -> RouteBudget { account(limits) }

    /// A page has at most 100 files, each with its name and at most 16 KiB of metadata and 1,000 ids of users.
    static func fileList(_: ServerLimits) -> RouteBudget {
        RouteBudget(answerBytes: 16 << 20, memoryBytes: baseMemory + (64 << 20), queues: [.reads])
    }

    static func fileChange(_ limits: ServerLimits) -> RouteBudget { accountChange(limits) }

    /// 10,000 parts of a file, each with its number and its tag.
    static func fileParts(_ limits: ServerLimits) -> RouteBudget {
        var budget = fileChange(limits)
        budget.bodyBytes = limits.bodyBytes
        budget.memoryBytes += 48 * limits.bodyBytes
        if !budget.queues.contains(.reads) { budget.queues.insert(.reads, at: 0) }
        return budget
    }

    /// A file among the fields of a form. Its bytes go to the disk while they come, as those of an upload.
    static func fileForm(_ limits: ServerLimits) -> RouteBudget {
        var budget = fileChange(limits)
        budget.bodyBytes = limits.fileBytes + FormReader.mostOverhead
        return budget
    }

    static func fileRemoval(_ limits: ServerLimits) -> RouteBudget { accountRemoval(limits) }

    /// A file's bytes are read while they are sent, a piece at a time: the answer's bound is that of errors.
    static func fileBytes(_: ServerLimits) -> RouteBudget {
        RouteBudget(answerBytes: errorBytes, memoryBytes: baseMemory)
    }

    /// A file's bytes go to the disk while they come, a piece at a time.
    static func fileUpload(_ limits: ServerLimits) -> RouteBudget {
        RouteBudget(
            bodyBytes: limits.fileBytes, answerBytes: errorBytes, memoryBytes: baseMemory, queues: [.writer],
            writtenBytes: 64 << 10)
    }
}

extension RouteBudget {
    /// Every route, by its method and its pattern.
    package static var routes: [(method: String, pattern: String)] {
        Route.all.map { ($0.method.rawValue, $0.pattern) }
    }

    /// The budget of a route by its pattern, `/v1/data/:table/:id`.
    package static func of(_ pattern: String, _ method: String, _ limits: ServerLimits) -> RouteBudget {
        let route = Route.all.first {
            $0.pattern == pattern && $0.method.rawValue == (method == "HEAD" ? "GET" : method)
        }
        return route?.budget(limits) ?? account(limits)
    }
}

extension RouteTree: RequestRules {
    /// How long a request may take to come, by its target; one that leads nowhere as long as one of records.
    func deadline(_ target: String, _ method: String, _ limits: ServerLimits) -> RouteDeadline {
        route(target, method)?.deadline(limits) ?? .whole(seconds: limits.requestSeconds)
    }

    /// The bytes of a request's body that are read, by its target: none where the path doesn't take the method. A target
    /// that leads nowhere has those of records.
    func bodyBytes(_ target: String, _ method: String, _ limits: ServerLimits) -> Int {
        guard let found = try? match(target) else { return limits.bodyBytes }
        return HTTPRequest.Method(rawValue: method).flatMap(found.route)?.budget(limits).bodyBytes ?? 0
    }
}
