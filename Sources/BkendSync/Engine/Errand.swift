import BkendWire

/// Why a request was sent: what its answer is for. It is lost at a crash; what must not be lost stands in the store.
enum Errand: Sendable, Hashable {
    /// Who the signed-in user is, for a store that another server or key has synced.
    case identity
    /// What a table is like.
    case spec(table: String)
    /// A create.
    case create(Int64)
    /// An update; the copy it was decided on, nil when there was none to read.
    case update(Int64, asRead: AnswerRow?)
    /// A delete.
    case delete(Int64)
    /// The present copies of records with waiting updates and deletes, in one list.
    case copies(table: String, [Int64])
    /// The present copy of one record, by its id.
    case copy(Int64)
    /// Rows that carry the keys of creates whose answers were lost.
    case lookup(table: String, [Int64])
    /// Rows that a create without key may have become.
    case settle(Int64)
    /// The deletion of a row that should not be there: a second copy, or one whose create was cancelled.
    case unwanted(table: String, id: String, original: String?)
    /// A step of a subscription.
    case pull(Int64, PullAsk)
}

extension Errand {
    /// Whether it reads one record for an entry.
    var isCopy: Bool { if case .copy = self { true } else { false } }
}

/// A question that a subscription asks.
enum PullAsk: Sendable, Hashable {
    /// A step of the first pull.
    case first(FirstPull.Ask)
    /// The next page of an ordinary pull.
    case round
    /// The newest row and the total.
    case newest
    /// The number of rows in the overlap, and the newest.
    case overlap(bound: String)
    /// The number of rows in a part of the ids.
    case split(IDRange)
    /// A step of a comparison.
    case bisect(Bisection.Ask)
    /// The next page of a full comparison.
    case full(IDRange)
    /// Rows that were set aside, by their ids.
    case reread([String])

    /// Whether it asks for rows, and not just for a count or for the first of them.
    var isForRows: Bool {
        switch self {
        case .round, .full, .reread, .first(.rows), .bisect(.rows): true
        case .newest, .overlap, .split, .first, .bisect: false
        }
    }
}

/// A request under way.
struct Flight: Sendable {
    /// What it is for.
    var errand: Errand
    /// The request.
    var request: SyncRequest
    /// When it was handed over.
    var sentAt: SyncInstant
    /// The store's mark at that time: rows of records that were answered later may be stale.
    var mark: Int64
    /// How often the session had been renewed.
    var session: Int
}
