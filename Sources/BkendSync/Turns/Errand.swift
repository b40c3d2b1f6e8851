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
    /// A look at what speaks for or against the deletion of a row that should not be there.
    case look(RecordKey)
    /// The deletion of a row that should not be there: a second copy, or one whose create was cancelled.
    case unwanted(OwnDeletion)
    /// A step of a subscription.
    case pull(Int64, PullAsk)
    /// A step of a file's upload.
    case upload(UploadErrand)
    /// The deletion of a file that the app has asked for.
    case deleteFile(Int64)
    /// A step of a file's download.
    case download(DownloadErrand)
}

/// A step of a file's download.
struct DownloadErrand: Sendable, Hashable {
    /// The file, as records name it.
    var name: String
    /// What is asked.
    var ask: DownloadAsk
}

/// What a download asks.
enum DownloadAsk: Sendable, Hashable {
    /// The server's record of the file.
    case record
    /// The same by the file's key, in a list.
    case search(key: String)
    /// Where its bytes are.
    case address
    /// Any file's record, for where the server's files are.
    case origins
    /// Bytes.
    case bytes
}

/// A step of a file's upload.
struct UploadErrand: Sendable, Hashable {
    /// The entry.
    var entry: Int64
    /// What is asked.
    var request: UploadRequest
    /// Who may read the file, as the server is told.
    var visibility: String
    /// The number of bytes.
    var size: Int64
    /// In which lane it goes.
    var lane: UploadLane
}

/// Where an upload waits for its turn: a film holds up no photo.
enum UploadLane: Sendable, Hashable, CaseIterable {
    case small, large

    /// The most bytes of a small file.
    static let smallBytes: Int64 = 1 << 20
}

extension Errand {
    /// The step of an upload, nil for other errands.
    var upload: UploadErrand? { if case .upload(let errand) = self { errand } else { nil } }

    /// The step of a download, nil for other errands.
    var download: DownloadErrand? { if case .download(let errand) = self { errand } else { nil } }

    /// The subscription that asked.
    var subscription: Int64? { if case .pull(let number, _) = self { number } else { nil } }

    /// Whether it reads one record for an entry.
    var isCopy: Bool { if case .copy = self { true } else { false } }

    /// Whether it looks creates up by their keys.
    var isLookup: Bool { if case .lookup = self { true } else { false } }

    /// Whether it looks at a row that should not be there.
    var isLook: Bool { if case .look = self { true } else { false } }

    /// The row that should not be there; nil for other errands.
    var unwanted: RecordKey? {
        switch self {
        case .look(let row): row
        case .unwanted(let deletion): deletion.row
        default: nil
        }
    }
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

extension PullAsk {
    /// Whether a page can be the answer: one with a row that was not asked for is another question's, and what it doesn't
    /// show says nothing.
    func isAnswered(by page: AnswerPage) -> Bool {
        switch self {
        case .full(let range), .bisect(.rows(let range)), .first(.rows(let range)):
            page.rows.allSatisfy { range.contains($0.id) }
        case .reread(let ids):
            page.rows.allSatisfy { row in ids.contains { $0.hasSameBytes(as: row.id) } }
        case .round, .newest, .overlap, .split, .bisect, .first: true
        }
    }
}
