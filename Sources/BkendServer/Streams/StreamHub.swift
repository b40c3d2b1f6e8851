import BkendAccounts
import BkendWire
import Synchronization

/// The open streams of an environment, and what tells them of commits.
///
/// A commit is looked at once for all streams (`StreamPass`). A stream joins at a position up to which it has read for
/// itself, and is told of what comes after it. What can't be told that way, a stream reads for itself again: the page is
/// the same.
final class StreamHub: Sendable {
    private struct Joined {
        let member: StreamMember
        /// Where its subscriptions are kept.
        var places: [LiveTable.ID: [String]] = [:]
    }

    private struct State {
        var members: [ObjectIdentifier: StreamMember] = [:]
        /// How many streams a user has, and how many subscriptions a client.
        var users: [ExactString: Int] = [:]
        var clients: [ClientAddress: Int] = [:]
        /// By numbers that are given at each joining: what a look found for a stream that has left since is nobody's.
        var joined: [Int: Joined] = [:]
        var numbers: [ObjectIdentifier: Int] = [:]
        var lastNumber = 0
        var tables: [LiveTable.ID: LiveTable] = [:]
        /// How many commits were heard of.
        var commits = 0
        var isDue = false
        var isAtWork = false
        var isTicking = false
        var isEnded = false
    }

    /// How many streams a user may have in an environment.
    static let mostOfUser = 100
    /// How many subscriptions all streams of a client may have: each commit is tried for each of them.
    static let mostOfClient = 1_024
    /// How often it is looked for commits of other processes, and for streams that have been silent.
    private static let tick = Duration.seconds(1)
    /// How long one look may take.
    private static let limit = Duration.seconds(10)
    /// How many looks may fail in a row, a second apart, before each stream finds out for itself why.
    private static let failures = 10

    private let store: EnvironmentStore
    private let silence: Duration
    private let metrics: StreamMetrics
    private let state = Mutex(State())
    /// Asked at every write: mostly there are none.
    private let hasStreams = Atomic(false)

    /// - Parameter silence: after how long a silent stream is woken.
    init(_ store: EnvironmentStore, silence: Duration, metrics: StreamMetrics) {
        self.store = store
        self.silence = silence
        self.metrics = metrics
    }

    /// How many streams there are.
    var count: Int { state.withLock { $0.members.count } }

    /// How many commits were heard of: what a stream that joins has to know of its reading.
    var commits: Int { state.withLock { $0.commits } }

    // MARK: Streams

    /// Whose stream it is, and how much it asks for.
    struct Owner: Hashable, Sendable {
        /// Empty for a key alone.
        var user = ""
        var client: ClientAddress?
        var subscriptions = 1
    }

    /// Takes a stream in.
    ///
    /// - Throws: `TooManyRequests` with 429 when the user or the client has too many, 503 when the server stops.
    func open(for owner: Owner) throws(TooManyRequests) -> StreamMember {
        let member = StreamMember()
        let (refusal, ticks) = state.withLock { state -> (TooManyRequests?, Bool) in
            if let refusal = Self.refusal(of: owner, state) { return (refusal, false) }
            if !owner.user.isEmpty { state.users[ExactString(owner.user), default: 0] += 1 }
            if let client = owner.client { state.clients[client, default: 0] += owner.subscriptions }
            state.members[ObjectIdentifier(member)] = member
            hasStreams.store(true, ordering: .relaxed)
            defer { state.isTicking = true }
            return (nil, !state.isTicking)
        }
        if let refusal { throw refusal }
        metrics.opened()
        // Detached: it is nobody's request.
        if ticks { Task.detached { [self] in await tickOn() } }
        return member
    }

    private static func refusal(of owner: Owner, _ state: State) -> TooManyRequests? {
        if state.isEnded {
            return TooManyRequests(.serviceUnavailable, "the server is stopping", retryAfterSeconds: 1)
        }
        if !owner.user.isEmpty, state.users[ExactString(owner.user), default: 0] >= mostOfUser {
            return TooManyRequests(
                .tooManyConnections, "a user may have \(mostOfUser) streams in an environment; close one of yours",
                retryAfterSeconds: 60)
        }
        if let client = owner.client, state.clients[client, default: 0] + owner.subscriptions > mostOfClient {
            return TooManyRequests(
                .tooManyConnections,
                "the streams of your address may have \(mostOfClient) subscriptions together; ask for changes without a "
                    + "stream", retryAfterSeconds: 60)
        }
        return nil
    }

    /// A stream has ended.
    func close(_ member: StreamMember, of owner: Owner) {
        leave(member)
        state.withLock { state in
            guard state.members.removeValue(forKey: ObjectIdentifier(member)) != nil else { return }
            hasStreams.store(!state.members.isEmpty, ordering: .relaxed)
            let user = ExactString(owner.user)
            let left = (state.users[user] ?? 0) - 1
            state.users[user] = left > 0 ? left : nil
            guard let client = owner.client else { return }
            let subscriptions = (state.clients[client] ?? 0) - owner.subscriptions
            state.clients[client] = subscriptions > 0 ? subscriptions : nil
        }
        metrics.closed()
    }

    /// Has a stream told of what comes after a position up to which it has read.
    ///
    /// - Parameter commits: the number of commits before the reading began.
    func join(
        _ member: StreamMember, _ subscriptions: [LiveSubscription], at position: Int64, author: String, commits: Int
    ) throws {
        let isDue = try state.withLock { state in
            remove(member, &state)
            state.lastNumber += 1
            let number = state.lastNumber
            state.joined[number] = Joined(member: member)
            state.numbers[ObjectIdentifier(member)] = number
            // A look under way may pass its position by, and so may a commit while it read.
            var isDue = state.isAtWork || state.commits != commits
            for subscription in subscriptions {
                let id = subscription.table
                state.joined[number]?.places[id, default: []].append(subscription.audience)
                isDue = isDue || state.tables[id]?.position ?? position > position
                try state.tables[id, default: LiveTable(position: position)].add(
                    subscription, stream: number, author: ExactString(author), since: position)
            }
            member.begin(number)
            return isDue
        }
        if isDue { look() }
    }

    /// Has a stream told of nothing more.
    ///
    /// - Returns: the position up to which it was told of changes, nil where something is left that it wasn't.
    @discardableResult
    func leave(_ member: StreamMember) -> Int64? {
        state.withLock { state in
            let position = remove(member, &state)
            return member.begin(0) ? nil : position
        }
    }

    @discardableResult
    private func remove(_ member: StreamMember, _ state: inout State) -> Int64? {
        state.numbers[ObjectIdentifier(member)].flatMap { remove($0, &state)?.position }
    }

    private func remove(_ number: Int, _ state: inout State) -> (member: StreamMember, position: Int64)? {
        guard let joined = state.joined.removeValue(forKey: number) else { return nil }
        state.numbers[ObjectIdentifier(joined.member)] = nil
        var position = Int64.max
        for (id, keys) in joined.places {
            if let table = state.tables[id], table.members[number] != nil {
                position = min(position, table.since(number))
            }
            state.tables[id]?.remove(number, audiences: keys)
            if state.tables[id]?.isEmpty ?? false { state.tables[id] = nil }
        }
        return (joined.member, position == .max ? 0 : position)
    }

    /// Ends all streams; none is taken in any more.
    func end() {
        let members = state.withLock { state in
            state.isEnded = true
            return Array(state.members.values)
        }
        for member in members { member.end() }
    }

    // MARK: Commits

    /// Something was committed.
    func committed() {
        guard hasStreams.load(ordering: .relaxed) else { return }
        state.withLock { $0.commits += 1 }
        look()
    }

    private func look() {
        let begins = state.withLock { state in
            state.isDue = true
            guard !state.isAtWork, !state.tables.isEmpty else { return false }
            state.isAtWork = true
            return true
        }
        if begins { Task.detached { [self] in await work() } }
    }

    private func work() async {
        var failed = 0
        while let tables = state.withLock({ Self.due(&$0) }) {
            let start = ContinuousClock.now
            do {
                let outcome = try await store.query(limit: Self.limit) { session, attempt in
                    try StreamPass(tables: tables).run(attempt, in: session)
                }
                tell(outcome, tables)
                failed = 0
            } catch {
                // The line of reads may be full: nothing is missed by looking later.
                failed += 1
                if failed >= Self.failures {
                    state.withLock { state in
                        for number in Array(state.joined.keys) { putBehind(number, &state) }
                    }
                } else {
                    state.withLock { $0.isDue = true }
                    try? await Task.sleep(for: Self.tick)
                }
            }
            // However much is committed, and however many streams there are: half of a core.
            let time = start.duration(to: .now)
            if time > .milliseconds(2) { try? await Task.sleep(for: min(time, Self.tick)) }
        }
    }

    private static func due(_ state: inout State) -> [LiveTable.ID: LiveTable]? {
        guard state.isDue, !state.tables.isEmpty, !state.isEnded else {
            state.isAtWork = false
            return nil
        }
        state.isDue = false
        return state.tables
    }

    private func tell(_ outcome: StreamPass.Outcome, _ tables: [LiveTable.ID: LiveTable]) {
        let members = state.withLock { state in
            outcome.events.keys.compactMap { number in state.joined[number].map { (number, $0.member) } }
        }
        var behind = outcome.behind
        for (number, member) in members {
            guard let event = outcome.events[number] else { continue }
            if !member.deliver(event, to: number) { behind.insert(number) }
        }
        metrics.told(members.count)
        state.withLock { state in
            // Who is put behind was told up to where the tables were before this look, and so was who leaves meanwhile.
            for number in behind { putBehind(number, &state) }
            for (id, position) in outcome.positions {
                if let then = tables[id] { state.tables[id]?.settle(at: position, as: then) }
            }
            if outcome.isMore { state.isDue = true }
        }
    }

    /// Lets a stream read for itself; it is told of nothing more.
    private func putBehind(_ number: Int, _ state: inout State) {
        if let (member, position) = remove(number, &state) { member.fallBehind(after: position, number) }
    }

    // MARK: Time

    private func tickOn() async {
        while true {
            try? await Task.sleep(for: Self.tick)
            let members = state.withLock { state -> [StreamMember]? in
                if state.members.isEmpty {
                    state.isTicking = false
                    return nil
                }
                return Array(state.members.values)
            }
            guard let members else { return }
            let time = ContinuousClock.now.advanced(by: .zero - silence)
            for member in members { member.wake(idleSince: time) }
            // Other processes may have written.
            look()
        }
    }
}
