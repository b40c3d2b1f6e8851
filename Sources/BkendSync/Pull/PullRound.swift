import BkendWire

/// One round of an ordinary pull: from a lower bound of `updatedAt` upwards until a page isn't full. Never by page
/// numbers: rows move while it reads.
package struct PullRound: Sendable, Hashable {
    /// What is read next.
    package enum Position: Sendable, Hashable {
        /// Rows with `updatedAt` at or past a moment; nil for all.
        case from(String?)
        /// Rows with exactly this `updatedAt` and greater ids: a full page of one moment is drained by itself.
        case equal(String, afterID: String)
        /// Rows with `updatedAt` past a moment.
        case past(String)
    }

    /// Where to go on after a page.
    package enum Next: Sendable, Hashable {
        /// Ask again.
        case ask
        /// Every row was read.
        case drained
        /// The page isn't what was asked for; why.
        case malformed(String)
    }

    /// What is read next.
    package private(set) var position: Position
    /// The lower bound that the round began with; nil for none.
    package let bound: String?
    /// The server's time when it answered first: what happened before may be taken for read when the round is over.
    package private(set) var began: Timestamp?
    /// The rows seen and their last `updatedAt`, for the number of rows at or past a bound.
    private(set) var moments: [ExactString: String] = [:]
    /// Pages read.
    package private(set) var pages = 0
    /// The rows of the page that is asked for next, or was asked for last.
    package var limit: Int

    /// A round from a bound.
    package init(from bound: String?, limit: Int) {
        position = .from(bound)
        self.bound = bound
        self.limit = limit
    }

    /// The next request.
    package func request(_ query: SubscriptionQuery) -> SyncRequest.Operation {
        switch position {
        case .from(let bound):
            let conditions = bound.map { [Condition("updatedAt", .greaterOrEqual(.string($0)))] } ?? []
            return query.list(conditions, sortBy: .updatedAt, limit: limit)
        case .equal(let moment, let id):
            let conditions = [
                Condition("updatedAt", .equals(.string(moment))), Condition("id", .greater(.string(id))),
            ]
            return query.list(conditions, sortBy: .id, limit: limit)
        case .past(let moment):
            return query.list(
                [Condition("updatedAt", .greater(.string(moment)))], sortBy: .updatedAt, limit: limit)
        }
    }

    /// Goes on behind a page that was applied.
    package mutating func take(_ page: AnswerPage, date: Timestamp?) -> Next {
        let stamps = page.rows.compactMap(\.updatedAt)
        guard stamps.count == page.rows.count else { return .malformed("a row has no updatedAt") }
        if let flaw = flaw(in: stamps) { return .malformed(flaw) }
        if pages == 0 { began = date }
        pages += 1
        for row in page.rows { moments[ExactString(row.id)] = row.updatedAt }
        // A full page alone says that more may follow; `hasNext` is believed where it says more.
        let isFull = page.rows.count >= limit || page.hasNext
        guard isFull, let first = stamps.first, let last = stamps.last, let lastID = page.rows.last?.id else {
            guard case .equal(let moment, _) = position else { return .drained }
            position = .past(moment)
            return .ask
        }
        if case .equal(let moment, _) = position {
            position = .equal(moment, afterID: lastID)
        } else if first.hasSameBytes(as: last) {
            position = .equal(last, afterID: lastID)
        } else {
            position = .from(last)
        }
        return .ask
    }

    private func flaw(in moments: [String]) -> String? {
        for (a, b) in zip(moments, moments.dropFirst()) where b.precedesInBytes(a) { return "rows are out of order" }
        guard let first = moments.first, let last = moments.last else { return nil }
        switch position {
        case .from(let bound):
            return bound.map { first.precedesInBytes($0) } ?? false ? "a row is older than requested" : nil
        case .equal(let moment, _):
            let isSame = first.hasSameBytes(as: moment) && last.hasSameBytes(as: moment)
            return isSame ? nil : "a row's updatedAt isn't the requested one"
        case .past(let moment): return moment.precedesInBytes(first) ? nil : "a row is older than requested"
        }
    }
}
