import BkendDocuments
import BkendWire

/// One subscription of a stream, where a table's changes are told.
struct LiveReader: Hashable, Sendable {
    /// The number under which its stream has joined, and its place in the stream's request.
    let stream: Int
    let index: Int
}

/// Subscriptions that are told the same, each change tried once for all of them.
struct LiveAudience: Sendable {
    let operations: RecordOperations
    /// The user whose records alone are told; nil for all.
    let owner: ExactString?
    let probe: QueryProbe
    /// How many records each of them takes at once.
    var readers: [LiveReader: Int] = [:]

    init(_ subscription: FeedSubscription) throws {
        operations = subscription.operations
        owner = subscription.scope.owner.map(ExactString.init)
        probe = try subscription.probe()
    }
}

/// A subscription that is ready to join others.
struct LiveSubscription: Sendable {
    /// Its place in the stream's request.
    let index: Int
    let table: LiveTable.ID
    /// Which audience is told the same: a digest.
    let audience: String
    let subscription: FeedSubscription

    init(_ index: Int, _ subscription: FeedSubscription) {
        self.index = index
        self.subscription = subscription
        table = LiveTable.ID(
            name: ExactString(subscription.table.name), epoch: ExactString(subscription.epoch))
        audience = subscription.purpose.audience(isOfUser: subscription.scope.isOfUser)
    }
}

/// A table that streams follow: who is told what of its changes.
struct LiveTable: Sendable {
    /// Which table, in which of its histories.
    struct ID: Hashable, Sendable {
        let name: ExactString
        let epoch: ExactString
    }

    /// A stream's subscriptions of this table.
    struct Member: Sendable {
        /// The stream's user; empty for a key alone.
        let author: ExactString
        var indexes: [Int] = []
    }

    /// The position up to which its changes are told to all but newcomers.
    private(set) var position: Int64
    /// The streams that are told of changes after another position, up to which they have read for themselves.
    private(set) var newcomers: [Int: Int64] = [:]
    private(set) var audiences: [String: LiveAudience] = [:]
    private(set) var members: [Int: Member] = [:]
    /// The audiences of one user's records, and all others. A change is tried by few of them, however many users follow
    /// their own records.
    private(set) var owned: [ExactString: Set<String>] = [:]
    private(set) var open: Set<String> = []
    /// The streams of a user.
    private(set) var authors: [ExactString: Set<Int>] = [:]

    init(position: Int64) { self.position = position }

    var isEmpty: Bool { members.isEmpty }

    /// The position after which there are changes that somebody wasn't told.
    var start: Int64 { newcomers.values.reduce(position) { min($0, $1) } }

    /// The position up to which a stream was told of changes.
    func since(_ stream: Int) -> Int64 { newcomers[stream] ?? position }

    /// Adds a stream's subscription, which was told of changes up to a position.
    mutating func add(_ followed: LiveSubscription, stream: Int, author: ExactString, since: Int64) throws {
        let key = followed.audience
        if audiences[key] == nil {
            let audience = try LiveAudience(followed.subscription)
            if let owner = audience.owner { owned[owner, default: []].insert(key) } else { open.insert(key) }
            audiences[key] = audience
        }
        audiences[key]?.readers[LiveReader(stream: stream, index: followed.index)] = followed.subscription.limit
        members[stream, default: Member(author: author)].indexes.append(followed.index)
        authors[author, default: []].insert(stream)
        newcomers[stream] = since
    }

    /// Takes a stream out, with the keys of the audiences that it belongs to.
    mutating func remove(_ stream: Int, audiences keys: [String]) {
        guard let member = members.removeValue(forKey: stream) else { return }
        newcomers[stream] = nil
        authors[member.author]?.remove(stream)
        if authors[member.author]?.isEmpty ?? false { authors[member.author] = nil }
        for key in keys {
            for index in member.indexes { audiences[key]?.readers[LiveReader(stream: stream, index: index)] = nil }
            guard let audience = audiences[key], audience.readers.isEmpty else { continue }
            audiences[key] = nil
            open.remove(key)
            guard let owner = audience.owner else { continue }
            owned[owner]?.remove(key)
            if owned[owner]?.isEmpty ?? false { owned[owner] = nil }
        }
    }

    /// Notes that all who were there at a look were told of changes up to a position.
    ///
    /// - Parameter then: the table as the look found it.
    mutating func settle(at position: Int64, as then: LiveTable) {
        for (stream, since) in then.newcomers where since <= position && newcomers[stream] == since {
            // A look that was cut may end before what the others were told.
            newcomers[stream] = position < self.position ? position : nil
        }
        self.position = max(self.position, position)
    }
}
