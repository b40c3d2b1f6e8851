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
        try reading(request, attempt, in: session).map(\.page)
    }

    /// A page for each subscription, in the order of the request, and what the subscription is.
    func reading(
        _ request: FeedRequest, _ attempt: ReadAttempt, in session: any StorageSession
    ) throws -> [Reading] {
        var place = Place(
            newest: try session.lastPosition, secret: try session.cursorSecret, session: session, attempt: attempt)
        var readings = [Reading?](repeating: nil, count: request.subscriptions.count)
        var groups: [Group] = []
        for (index, subscription) in request.subscriptions.enumerated() {
            do {
                let start = try start(subscription, index: index, &place)
                guard let follower = start.follower else {
                    readings[index] = start.page.map { Reading(page: $0, subscription: start.subscription) }
                    continue
                }
                let name = start.subscription.table.name
                if let found = groups.firstIndex(where: { $0.table.name.hasSameBytes(as: name) }) {
                    groups[found].add(follower, start.subscription)
                } else {
                    groups.append(Group(follower, start.subscription))
                }
            } catch  where error is ErrorBody || error is QueryError || error is InvalidPattern {
                readings[index] = Reading(page: .refused(ErrorBody(answering: error)))
            }
        }
        var spending = FeedSpending(budget)
        // The one that is furthest behind begins, so that no table is always the last.
        for group in groups.sorted(by: { $0.start < $1.start }) {
            var walk = FeedWalk(group.followers, group.operations, attempt)
            try walk.run(owner: group.owner, newest: place.newest, &spending, in: session)
            for follower in walk.followers {
                let since = request.subscriptions[follower.index].since
                readings[follower.index] = Reading(
                    page: try page(of: follower, since: since, after: walk, of: group, in: session),
                    subscription: group.subscriptions[follower.index])
            }
            try attempt.expect(.page(bytes: spending.bytes))
        }
        return readings.compactMap { $0 }
    }

    private func page(
        of follower: FeedFollower, since: String?, after walk: FeedWalk, of group: Group, in session: any StorageSession
    ) throws -> FeedPage {
        if let other = walk.others[follower.index] { return other }
        let isLeft = walk.left.contains(follower.index)
        // Who was further on than the others stays there.
        let end = isLeft ? follower.since : max(walk.end, follower.since)
        guard let purpose = group.subscriptions[follower.index]?.purpose else { return .expired(.changed) }
        let cursor = FeedCursor(position: end, mark: try session.mark(of: group.table, at: end), for: purpose)
        if isLeft { return .changes(FeedPage.Changes(since: since, cursor: cursor, hasMore: true)) }
        return .changes(
            FeedPage.Changes(
                records: .outcomes(follower.outcomes, order: follower.ids), since: since, cursor: cursor,
                hasMore: walk.hasMore))
    }

    /// What one subscription is answered, and what it is; nil where it is refused.
    struct Reading {
        let page: FeedPage
        var subscription: FeedSubscription?
    }

    /// Subscriptions of one table.
    private struct Group {
        let operations: RecordOperations
        let owner: String?
        private(set) var followers: [FeedFollower]
        /// By their places in the request.
        private(set) var subscriptions: [Int: FeedSubscription]

        init(_ follower: FeedFollower, _ subscription: FeedSubscription) {
            (operations, owner) = (subscription.operations, subscription.scope.owner)
            followers = [follower]
            subscriptions = [follower.index: subscription]
        }

        var table: Table { operations.table }

        var start: Int64 { followers.map(\.since).min() ?? 0 }

        mutating func add(_ follower: FeedFollower, _ subscription: FeedSubscription) {
            followers.append(follower)
            subscriptions[follower.index] = subscription
        }
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
        let subscription: FeedSubscription
        var follower: FeedFollower?
        var page: FeedPage?
    }

    private func start(_ asked: FeedRequest.Subscription, index: Int, _ place: inout Place) throws -> Start {
        let session = place.session
        let table = try session.existingTable(asked.table)
        let operations = RecordOperations(table, caller: caller)
        let query = try Query(queryItems: asked.filters) { table.typing.value(of: $1, for: $0) }
        let scope = try operations.scope(of: query.filter)
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
            filter: asked.filters.flatMap { [$0.name, $0.value] }, caller: caller)
        let subscription = FeedSubscription(
            operations: operations, scope: scope, purpose: purpose, epoch: log.epoch, limit: asked.limit)
        guard let text = asked.since else {
            let mark = try session.mark(of: table, at: place.newest)
            let cursor = FeedCursor(position: place.newest, mark: mark, for: purpose)
            return Start(subscription: subscription, page: .changes(FeedPage.Changes(cursor: cursor)))
        }
        guard let cursor = FeedCursor(text, for: purpose), cursor.position <= place.newest else {
            return Start(subscription: subscription, page: .expired(.changed))
        }
        let since = max(cursor.position, asked.reached ?? 0)
        guard since >= log.trimmed else { return Start(subscription: subscription, page: .expired(.trimmed)) }
        guard try since > cursor.position || session.mark(of: table, at: since) == cursor.mark else {
            return Start(subscription: subscription, page: .expired(.changed))
        }
        return Start(
            subscription: subscription,
            follower: FeedFollower(index: index, since: since, limit: asked.limit, try subscription.probe()))
    }
}

/// A part of a table that a caller follows.
struct FeedSubscription: Sendable {
    let operations: RecordOperations
    /// Which records belong to it.
    let scope: RecordOperations.Scope
    /// What its cursors are for.
    let purpose: FeedCursor.Purpose
    /// The history of the table that it is of.
    let epoch: String
    /// How many records it is told at once.
    let limit: Int

    var table: Table { operations.table }

    /// What tells whether a record belongs to it.
    func probe() throws -> QueryProbe { try QueryProbe(Query(filter: scope.filter), hiding: scope.visibility) }
}
