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
        let place = Place(
            newest: try session.lastPosition, incarnation: try session.incarnation, session: session, attempt: attempt)
        var pages = [FeedPage?](repeating: nil, count: request.subscriptions.count)
        var groups: [(table: Table, owner: String?, followers: [FeedFollower])] = []
        for (index, subscription) in request.subscriptions.enumerated() {
            do {
                let start = try start(subscription, index: index, place)
                guard let follower = start.follower else {
                    pages[index] = start.page
                    continue
                }
                if let found = groups.firstIndex(where: { $0.table.name.hasSameBytes(as: start.table.name) }) {
                    groups[found].followers.append(follower)
                } else {
                    groups.append((start.table, start.owner, [follower]))
                }
            } catch  where error is ErrorBody || error is QueryError || error is InvalidPattern {
                pages[index] = .refused(ErrorBody(answering: error))
            }
        }
        var spending = FeedSpending(budget)
        for group in groups {
            var walk = FeedWalk(group.followers)
            try walk.run(
                through: group.table, owner: group.owner, newest: place.newest, &spending, in: session)
            for follower in walk.followers {
                let end = max(walk.end, follower.since)
                let mark = try session.mark(of: group.table, at: end)
                pages[follower.index] = .changes(
                    FeedPage.Changes(
                        ids: follower.ids, outcomes: follower.outcomes,
                        since: request.subscriptions[follower.index].since,
                        cursor: FeedCursor(position: end, mark: mark, binding: follower.binding),
                        hasMore: walk.hasMore))
            }
            try attempt.expect(.page(bytes: spending.bytes))
        }
        return pages.compactMap { $0 }
    }

    /// Where pages are made.
    private struct Place {
        let newest: Int64
        let incarnation: String
        let session: any StorageSession
        let attempt: ReadAttempt
    }

    /// How a subscription begins: followed from a position, or answered at once.
    private struct Start {
        let table: Table
        var owner: String?
        var follower: FeedFollower?
        var page: FeedPage?
    }

    private func start(_ subscription: FeedRequest.Subscription, index: Int, _ place: Place) throws -> Start {
        let table = try place.session.existingTable(subscription.table)
        let operations = RecordOperations(table, caller: caller)
        let access = try operations.access.access(to: .list)
        let asked = try Query(queryItems: subscription.filters) { table.typing.value(of: $1, for: $0) }
        let scope = try operations.scope(of: asked.filter)
        if scope.filter.hasPatterns { try place.attempt.expect(.patterns) }
        let log = try place.session.log(of: table)
        let binding = FeedCursor.binding(
            incarnation: place.incarnation, epoch: log.epoch, table: table.name,
            filter: subscription.filters.flatMap { [$0.name, $0.value] }, caller: caller)
        guard let since = subscription.since else {
            let mark = try place.session.mark(of: table, at: place.newest)
            let cursor = FeedCursor(position: place.newest, mark: mark, binding: binding)
            return Start(table: table, page: .changes(FeedPage.Changes(cursor: cursor)))
        }
        guard let cursor = FeedCursor(since), cursor.binding == binding, cursor.position <= place.newest else {
            return Start(table: table, page: Self.expired(.changed))
        }
        guard cursor.position >= log.trimmed else { return Start(table: table, page: Self.expired(.trimmed)) }
        guard try place.session.mark(of: table, at: cursor.position) == cursor.mark else {
            return Start(table: table, page: Self.expired(.changed))
        }
        let probe = try QueryProbe(Query(filter: scope.filter), hiding: scope.visibility)
        return Start(
            table: table, owner: access == .own ? caller.userID : nil,
            follower: FeedFollower(
                index: index, since: cursor.position, limit: subscription.limit, binding: binding, operations, probe))
    }

    /// Clients that lose their cursors at the same moment come back one after another.
    private static func expired(_ reason: FeedExpiry) -> FeedPage {
        .expired(reason, retryAfterSeconds: Int.random(in: 0...60))
    }
}
