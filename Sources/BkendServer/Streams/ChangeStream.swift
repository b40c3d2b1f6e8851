import BkendAccounts
import BkendStorage
import BkendWire
import NIOCore

/// One stream of the change feed: what an open request is answered, as long as its client is there
/// (docs/extensions.md, "Streams").
///
/// It reads by itself until it has caught up, and is told of what comes then. It ends when the caller is another one than
/// at the beginning: by a lapsed token, an ended session, another role.
struct ChangeStream: Sendable {
    /// How long a look at the caller's key and session is good for.
    private static let trust = Duration.seconds(1)
    /// The same when the server is too busy for another look.
    private static let patience = Duration.seconds(30)
    /// After how long subscriptions get new cursors though nothing has happened to them: old ones would expire.
    private static let cursorLife = Duration.seconds(600)
    /// How often a reading that finds no room is tried again.
    private static let attempts = 20

    /// Writes a part of the answer; returns when the client takes it.
    typealias Writing = (AnswerBody) async throws -> Void

    let place: StreamPlace
    let store: EnvironmentStore
    let request: FeedRequest
    let caller: Caller
    /// Who it is now.
    let callerNow: @Sendable () async throws -> Caller
    let answers: AnswerAccount
    let budget: FeedBudget
    let queryLimit: Duration

    /// Answers until the client goes, the caller is another one, or the server stops.
    func run(_ write: Writing) async throws {
        var followed = request.subscriptions.map { Followed(asked: $0) }
        var checked = ContinuousClock.now
        var reached: Int64?
        while true {
            guard let position = try await catchUp(&followed, after: reached, &checked, write) else { return }
            let subscriptions = followed.enumerated().compactMap { index, one in
                one.subscription.map { LiveSubscription(index, $0) }
            }
            if subscriptions.isEmpty { return }
            try place.hub.join(
                place.member, subscriptions, at: position.position, author: caller.createdBy, commits: position.commits)
            switch try await follow(&followed, &checked, write) {
            case .over: return
            case .read(let position): reached = position
            }
        }
    }

    /// What a stream knows of a subscription.
    private struct Followed {
        /// As it was asked for, from where the client is now.
        var asked: FeedRequest.Subscription
        /// Nil as long as nothing is known of it, and once it is over.
        var subscription: FeedSubscription?
        var isOver = false
    }

    // MARK: Reading

    /// Writes what has changed until nothing is left.
    ///
    /// - Parameter reached: the position up to which the stream was told of everything, where that is known.
    /// - Returns: how far that is; nil when the stream is over.
    private func catchUp(
        _ followed: inout [Followed], after reached: Int64?, _ checked: inout ContinuousClock.Instant,
        _ write: Writing
    ) async throws -> (position: Int64, commits: Int)? {
        var attempts = 0
        for index in followed.indices { followed[index].asked.reached = reached }
        while true {
            let indexes = followed.indices.filter { !followed[$0].isOver }
            if indexes.isEmpty || place.member.isEnded { return nil }
            guard try await isStillCaller(&checked, write) else { return nil }
            let commits = place.hub.commits
            do {
                let read = try await read(FeedRequest(subscriptions: indexes.map { followed[$0].asked }))
                var next = followed
                var event = try EventText(on: answers)
                var hasMore = false
                for (index, reading) in zip(indexes, read.readings) {
                    let page = Self.followable(reading)
                    try event.add(page, next[index].asked.name, time: read.time)
                    next[index].subscription = page.isOver ? nil : reading.subscription
                    next[index].isOver = page.isOver
                    guard case .changes(let changes) = page else { continue }
                    next[index].asked.since = changes.cursor.text
                    hasMore = hasMore || changes.hasMore
                }
                let body = try event.ended()
                followed = next
                try await write(body)
                place.member.noteWriting()
                attempts = 0
                if !hasMore { return (read.position, commits) }
            } catch  where attempts < Self.attempts && (error is TooManyRequests || error is QueueRefused) {
                attempts += 1
                // Many may have been refused at the same moment.
                try await Task.sleep(for: .milliseconds(Int64.random(in: 500...2_000)))
            }
        }
    }

    private struct Read: Sendable {
        let readings: [FeedReader.Reading]
        let position: Int64
        let time: Timestamp
    }

    private func read(_ request: FeedRequest) async throws -> Read {
        let (caller, budget, bytes) = (caller, budget, request.bytes)
        return try await store.query(limit: queryLimit) { session, attempt in
            try attempt.expect(.query(bytes: bytes))
            return Read(
                readings: try FeedReader(caller: caller, budget: budget).reading(request, attempt, in: session),
                position: try session.lastPosition, time: session.now)
        }
    }

    /// Refuses patterns, which would be matched at each change, for as long as the stream lasts.
    private static func followable(_ reading: FeedReader.Reading) -> FeedPage {
        guard let subscription = reading.subscription, subscription.scope.filter.hasPatterns else {
            return reading.page
        }
        let message =
            "a stream can't follow a filter with a pattern ($regex), or a table whose rowFilters have one; ask for its "
            + "changes without a stream"
        return .refused(
            ErrorBody(
                .validationError, message, details: [.init(field: "andFilters", rule: "pattern", message: message)]))
    }

    // MARK: Following

    /// How following ends.
    private enum End {
        case over
        /// The stream has to read for itself. It was told of all changes up to the position, where that is known.
        case read(after: Int64?)
    }

    /// Writes what the stream is told, until it is over or has to read for itself.
    private func follow(
        _ followed: inout [Followed], _ checked: inout ContinuousClock.Instant, _ write: Writing
    ) async throws -> End {
        defer { place.hub.leave(place.member) }
        let began = ContinuousClock.now
        while true {
            switch await place.member.next() {
            case .end: return .over
            case .read(let position): return .read(after: position)
            case .pause:
                guard try await isStillCaller(&checked, write) else { return .over }
                try await write(Self.silence)
            case .event(let event):
                guard try await isStillCaller(&checked, write) else { return .over }
                // Where there is no room for it, it is read when there is.
                guard let body = try? text(of: event, &followed) else { return .read(after: nil) }
                try await write(body)
            }
            place.member.noteWriting()
            if began.duration(to: .now) > Self.cursorLife { return .read(after: place.hub.leave(place.member)) }
        }
    }

    private func text(of event: StreamEvent, _ followed: inout [Followed]) throws -> AnswerBody {
        var next = followed
        var text = try EventText(on: answers)
        for page in event.pages {
            guard let subscription = next[page.index].subscription else { continue }
            let cursor = FeedCursor(position: page.position, mark: page.mark, for: subscription.purpose)
            let changes = FeedPage.Changes(records: page.records, since: next[page.index].asked.since, cursor: cursor)
            try text.add(.changes(changes), next[page.index].asked.name, time: event.time)
            next[page.index].asked.since = cursor.text
        }
        let body = try text.ended()
        followed = next
        return body
    }

    /// Whether the caller is who it was, by what key and session are now. One who isn't is told.
    private func isStillCaller(_ checked: inout ContinuousClock.Instant, _ write: Writing) async throws -> Bool {
        guard checked.duration(to: .now) > Self.trust else { return true }
        do {
            guard try await callerNow().hasSameRights(as: caller) else { return false }
            checked = .now
            return true
        } catch  where (error is QueueRefused || error is TooManyRequests) && checked.duration(to: .now) < Self.patience
        {
            return true
        } catch let error as ErrorBody where error.status == 401 || error.status == 403 {
            var body = AnswerBody(on: answers)
            try body.write("event: unauthorized\ndata: ")
            try body.write(JSON.object(["error": .object(error.bounded.json)]).serialized())
            try body.write("\n\n")
            try await write(body)
            return false
        }
    }

    // MARK: The form of an event

    /// A comment, which clients pass over (HTML Living Standard, 9.2.6).
    private static var silence: AnswerBody { AnswerBody(ByteBuffer(staticString: ":\n\n")) }
}

/// An event while it is written: the same as an answer to a request without a stream.
private struct EventText {
    private var body: AnswerBody
    private var isFirst = true

    init(on account: AnswerAccount) throws(TooManyRequests) {
        body = AnswerBody(on: account)
        try body.write(#"data: {"subscriptions":["#)
    }

    mutating func add(_ page: FeedPage, _ name: String, time: Timestamp) throws(TooManyRequests) {
        if !isFirst { try body.write(",") }
        isFirst = false
        try page.write(name, time: time, into: &body)
    }

    func ended() throws(TooManyRequests) -> AnswerBody {
        var body = body
        try body.write("]}\n\n")
        return body
    }
}

/// A stream's place among those of an environment, which it has as long as anybody holds this.
final class StreamPlace: Sendable {
    let hub: StreamHub
    let member: StreamMember
    private let owner: StreamHub.Owner

    /// - Throws: `TooManyRequests`
    init(in hub: StreamHub, for owner: StreamHub.Owner) throws(TooManyRequests) {
        member = try hub.open(for: owner)
        self.hub = hub
        self.owner = owner
    }

    deinit { hub.close(member, of: owner) }
}
