import BkendAccounts
import BkendDocuments
import BkendStorage
import BkendWire

/// Answers what has changed in the parts of tables that a caller follows (docs/extensions.md, "Change feed").
struct FeedReader {
    let caller: Caller
    var budget = FeedBudget()

    /// A page for each subscription, in the order of the request.
    func pages(
        _ request: FeedRequest, _ attempt: ReadAttempt, in session: any StorageSession
    ) throws -> [FeedPage] {
        var place = Place(
            newest: try session.lastPosition, secret: try session.cursorSecret, session: session, attempt: attempt)
        var pages = [FeedPage?](repeating: nil, count: request.subscriptions.count)
        var groups: [Group] = []
        for (index, subscription) in request.subscriptions.enumerated() {
            do {
                let start = try start(subscription, index: index, &place)
                guard let follower = start.follower else {
                    pages[index] = start.page
                    continue
                }
                let name = start.operations.table.name
                if let found = groups.firstIndex(where: { $0.operations.table.name.hasSameBytes(as: name) }) {
                    groups[found].followers.append(follower)
                } else {
                    groups.append(Group(operations: start.operations, owner: start.owner, followers: [follower]))
                }
            } catch  where error is ErrorBody || error is QueryError || error is InvalidPattern {
                pages[index] = .refused(ErrorBody(answering: error))
            }
        }
        var spending = FeedSpending(budget)
        // The one that is furthest behind begins, so that no table is always the last.
        for group in groups.sorted(by: { $0.start < $1.start }) {
            var walk = FeedWalk(group.followers, group.operations, attempt)
            try walk.run(owner: group.owner, newest: place.newest, &spending, in: session)
            for follower in walk.followers {
                let since = request.subscriptions[follower.index].since
                pages[follower.index] = try page(of: follower, since: since, after: walk, of: group, in: session)
            }
            try attempt.expect(.page(bytes: spending.bytes))
        }
        return pages.compactMap { $0 }
    }

    private func page(
        of follower: FeedFollower, since: String?, after walk: FeedWalk, of group: Group, in session: any StorageSession
    ) throws -> FeedPage {
        if let other = walk.others[follower.index] { return other }
        let isLeft = walk.left.contains(follower.index)
        // Who was further on than the others stays there.
        let end = isLeft ? follower.since : max(walk.end, follower.since)
        let mark = try session.mark(of: group.operations.table, at: end)
        let cursor = FeedCursor(position: end, mark: mark, for: follower.purpose)
        if isLeft { return .changes(FeedPage.Changes(since: since, cursor: cursor, hasMore: true)) }
        return .changes(
            FeedPage.Changes(
                ids: follower.ids, outcomes: follower.outcomes, since: since, cursor: cursor, hasMore: walk.hasMore))
    }

    /// Subscriptions of one table.
    private struct Group {
        let operations: RecordOperations
        let owner: String?
        var followers: [FeedFollower]

        var start: Int64 { followers.map(\.since).min() ?? 0 }
    }

    /// Where pages are made.
    private struct Place {
        let newest: Int64
        let secret: String
        let session: any StorageSession
        let attempt: ReadAttempt
        /// How many patterns the subscriptions have so far.
        var patterns = 0
    }

    /// How a subscription begins: followed from a position, or answered at once.
    private struct Start {
        let operations: RecordOperations
        var owner: String?
        var follower: FeedFollower?
        var page: FeedPage?
    }

    private func start(_ subscription: FeedRequest.Subscription, index: Int, _ place: inout Place) throws -> Start {
        let session = place.session
        let table = try session.existingTable(subscription.table)
        let operations = RecordOperations(table, caller: caller)
        let asked = try Query(queryItems: subscription.filters) { table.typing.value(of: $1, for: $0) }
        let scope = try operations.scope(of: asked.filter)
        place.patterns += scope.filter.patternCount
        if place.patterns > 0 { try place.attempt.expect(.patterns) }
        guard place.patterns <= FeedRequest.mostPatterns else {
            throw QueryError(
                parameter: "andFilters",
                message: "the subscriptions of a request may have \(FeedRequest.mostPatterns) patterns together")
        }
        let log = try session.log(of: table)
        let purpose = FeedCursor.Purpose(
            secret: place.secret, epoch: log.epoch, table: table.name,
            filter: subscription.filters.flatMap { [$0.name, $0.value] }, caller: caller)
        guard let since = subscription.since else {
            let mark = try session.mark(of: table, at: place.newest)
            let cursor = FeedCursor(position: place.newest, mark: mark, for: purpose)
            return Start(operations: operations, page: .changes(FeedPage.Changes(cursor: cursor)))
        }
        guard let cursor = FeedCursor(since, for: purpose), cursor.position <= place.newest else {
            return Start(operations: operations, page: .expired(.changed))
        }
        guard cursor.position >= log.trimmed else {
            return Start(operations: operations, page: .expired(.trimmed))
        }
        guard try session.mark(of: table, at: cursor.position) == cursor.mark else {
            return Start(operations: operations, page: .expired(.changed))
        }
        let probe = try QueryProbe(Query(filter: scope.filter), hiding: scope.visibility)
        return Start(
            operations: operations, owner: scope.owner,
            follower: FeedFollower(
                index: index, since: cursor.position, limit: subscription.limit, purpose: purpose, probe))
    }
}
