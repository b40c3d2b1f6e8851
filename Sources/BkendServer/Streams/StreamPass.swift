import BkendDocuments
import BkendStorage
import BkendWire

/// What a stream is told at once: of each table that it follows, what has changed.
struct StreamEvent: Sendable {
    /// What one subscription is told.
    struct Page: Sendable {
        /// Its place in the request.
        let index: Int
        let records: FeedPage.Records
        /// The position that it reaches, and what belongs to the table's history there.
        let position: Int64
        let mark: Int64
    }

    let time: Timestamp
    var pages: [Page] = []

    /// About how much memory it takes while it waits. What several streams share counts for each.
    var bytes: Int { pages.reduce(0) { $0 + $1.records.bytes + 200 } }
}

/// One look at what was committed, for all streams of an environment: each change is read once, and tried once for all
/// subscriptions that are told the same.
struct StreamPass: Sendable {
    /// What came of it.
    struct Outcome: Sendable {
        let time: Timestamp
        /// How far each table was looked at.
        var positions: [LiveTable.ID: Int64] = [:]
        var events: [Int: StreamEvent] = [:]
        /// Streams that must read for themselves: they are told too much at once, or their table has begun another history.
        var behind: Set<Int> = []
        /// Whether there is more to be looked at.
        var isMore = false
        /// The bytes of all texts.
        fileprivate var bytes = 0
    }

    /// How much is looked at. What is more than that, each stream reads for itself.
    struct Bounds: Sendable {
        /// The changes of a table.
        var changes = 500
        /// The bytes of their records, and of what is told of them altogether.
        var bytes = 4 << 20
        /// The bytes of one event.
        var event = 1 << 20
        /// How often a record is tried for an audience; a single write may take five times as many.
        var trials = 20_000
    }

    let tables: [LiveTable.ID: LiveTable]
    var bounds = Bounds()

    func run(_ attempt: ReadAttempt, in session: any StorageSession) throws -> Outcome {
        var outcome = Outcome(time: session.now)
        let newest = try session.lastPosition
        for (id, table) in tables {
            do { try look(id, table, upTo: newest, attempt, in: session, &outcome) } catch is TooMuch {
                outcome.behind.formUnion(table.members.keys)
            }
        }
        for (stream, event) in outcome.events where event.bytes > bounds.event { outcome.behind.insert(stream) }
        for stream in outcome.behind { outcome.events[stream] = nil }
        return outcome
    }

    /// A table's changes are too much to be told at once.
    private struct TooMuch: Error {}

    private func look(
        _ id: LiveTable.ID, _ live: LiveTable, upTo newest: Int64, _ attempt: ReadAttempt,
        in session: any StorageSession, _ outcome: inout Outcome
    ) throws {
        guard let table = try session.table(id.name.string) else { throw TooMuch() }
        let log = try session.log(of: table)
        guard ExactString(log.epoch) == id.epoch else { throw TooMuch() }
        guard live.start < newest else { return }
        var all = log.trimmed <= live.start ? try changes(of: table, after: live.start, attempt, in: session) : nil
        if all?.isWhole != true, live.start < live.position {
            // Who is far behind doesn't keep the others from being told.
            outcome.behind.formUnion(live.newcomers.filter { $0.value < live.position }.keys)
            all =
                log.trimmed <= live.position ? try changes(of: table, after: live.position, attempt, in: session) : nil
        }
        guard let all else { throw TooMuch() }
        let changes = try cut(all.changes, for: live, attempt)
        let isCut = !all.isWhole || changes.count < all.changes.count
        outcome.isMore = outcome.isMore || isCut
        let end = isCut ? changes.last?.position ?? live.start : newest
        outcome.positions[id] = end
        if changes.isEmpty { return }
        let told = try follow(changes, of: table, live, attempt, in: session, &outcome)
        // All subscriptions of a table are told together, and each of a user's streams learns of the user's own writes: a
        // device asks what became of the records that it wrote.
        var streams = Set(told.keys.map(\.stream))
        for author in Set(changes.map { ExactString($0.author) }) where !author.string.isEmpty {
            streams.formUnion(live.authors[author] ?? [])
        }
        let mark = try session.mark(of: table, at: end)
        for stream in streams where live.since(stream) < end {
            let pages = (live.members[stream]?.indexes ?? []).map { index in
                StreamEvent.Page(
                    index: index, records: told[LiveReader(stream: stream, index: index)] ?? .none, position: end,
                    mark: mark)
            }
            outcome.events[stream, default: StreamEvent(time: outcome.time)].pages += pages
        }
    }

    /// The changes after a position, as many whole writes of them as may be told at once, and whether that is all.
    private func changes(
        of table: Table, after position: Int64, _ attempt: ReadAttempt, in session: any StorageSession
    ) throws -> (changes: [LoggedChange], isWhole: Bool) {
        var (changes, bytes) = ([LoggedChange](), 0)
        var next: LoggedChange?
        try session.changes(of: table, owner: nil, after: position) { change in
            bytes += change.before?.count ?? 0
            try attempt.expect(.record(bytes: bytes))
            guard changes.count < bounds.changes, bytes <= bounds.bytes else {
                next = change
                return false
            }
            changes.append(change)
            return true
        }
        guard let next else { return (changes, true) }
        while let last = changes.last, last.first == next.first { changes.removeLast() }
        // A write that is too much by itself.
        if changes.isEmpty { throw TooMuch() }
        return (changes, false)
    }

    /// As many of the changes as may be tried in one look, whole writes of them.
    private func cut(
        _ changes: [LoggedChange], for live: LiveTable, _ attempt: ReadAttempt
    ) throws -> [LoggedChange] {
        var (trials, end) = (0, 0)
        let moments = Set(live.newcomers.values).count + 1
        for (place, change) in changes.enumerated() {
            if place > 0, change.first != changes[place - 1].first {
                if trials > bounds.trials {
                    if end == 0 { end = place }
                    break
                }
                end = place
            }
            trials += moments * (live.open.count + (live.owned[ExactString(change.owner)]?.count ?? 0))
            if end == 0, trials > 5 * bounds.trials { throw TooMuch() }
            if place == changes.count - 1, end == 0 || trials <= bounds.trials { end = changes.count }
        }
        // Others wait for the caller's thread.
        if trials > 200 { try attempt.expect(.page(bytes: .max)) }
        return Array(changes.prefix(end))
    }

    /// What each subscription is told of some changes.
    private func follow(
        _ changes: [LoggedChange], of table: Table, _ live: LiveTable, _ attempt: ReadAttempt,
        in session: any StorageSession, _ outcome: inout Outcome
    ) throws -> [LiveReader: FeedPage.Records] {
        var told: [LiveReader: FeedPage.Records] = [:]
        var documents: [ExactString: DocumentText?] = [:]
        var bytes = 0
        func document(_ id: String) throws -> DocumentText? {
            if let known = documents[ExactString(id)] { return known }
            let text = try session.document(id, in: table)
            bytes += text?.bytes.count ?? 0
            if bytes > bounds.bytes { throw TooMuch() }
            try attempt.expect(.record(bytes: bytes))
            documents[ExactString(id)] = .some(text)
            return text
        }
        for (key, changes) in audiences(of: changes, in: live) {
            guard let audience = live.audiences[key] else { continue }
            for (since, readers) in groups(of: audience, in: live) {
                do {
                    let follower = try follow(changes, since: since, audience, document)
                    if follower.ids.isEmpty { continue }
                    let size = follower.outcomes.values.reduce(0) { $0 + $1.bytes }
                    outcome.bytes += size
                    guard size <= bounds.event, outcome.bytes <= bounds.bytes else {
                        outcome.behind.formUnion(readers.map(\.reader.stream))
                        continue
                    }
                    let records = FeedPage.Records.outcomes(follower.outcomes, order: follower.ids).rendered
                    for (reader, limit) in readers {
                        if follower.ids.count > limit { outcome.behind.insert(reader.stream) }
                        told[reader] = records
                    }
                } catch  where error is FeedFollower.UntriableImage || error is DamagedDocument {
                    outcome.behind.formUnion(readers.map(\.reader.stream))
                }
            }
        }
        return told
    }

    /// The audiences that some changes may concern, each with these.
    private func audiences(
        of changes: [LoggedChange], in live: LiveTable
    ) -> [(key: String, changes: [LoggedChange])] {
        var found = live.open.map { (key: $0, changes: changes) }
        for (owner, changes) in Dictionary(grouping: changes, by: { ExactString($0.owner) }) {
            for key in live.owned[owner] ?? [] { found.append((key, changes)) }
        }
        return found
    }

    /// The readers of an audience, by the position after which they are told.
    private func groups(
        of audience: LiveAudience, in live: LiveTable
    ) -> [(since: Int64, readers: [(reader: LiveReader, limit: Int)])] {
        let readers = audience.readers.map { (reader: $0.key, limit: $0.value) }
        if live.newcomers.isEmpty { return [(live.position, readers)] }
        return Dictionary(grouping: readers) { live.since($0.reader.stream) }.map { ($0.key, $0.value) }
    }

    private func follow(
        _ changes: [LoggedChange], since: Int64, _ audience: LiveAudience,
        _ document: @escaping (String) throws -> DocumentText?
    ) throws -> FeedFollower {
        var follower = FeedFollower(index: 0, since: since, limit: .max, audience.probe)
        for change in changes {
            var record = FeedRecord(audience.operations) { try document(change.id) }
            guard let outcome = try follower.outcome(of: change, now: &record) else { continue }
            follower.tell(outcome, of: change.id)
        }
        return follower
    }
}
