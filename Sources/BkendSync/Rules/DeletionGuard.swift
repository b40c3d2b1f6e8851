import BkendWire

/// A deletion on the server that no entry of the outbox asks for. Only `DeletionGuard` makes one, and only
/// its own `send` sends one.
struct OwnDeletion: Sendable, Hashable {
    /// The row.
    let row: RecordKey
    /// The record that it is a second copy of; nil for a row whose create was cancelled here.
    let original: String?

    fileprivate init(_ suspect: DeletionGuard.Suspect) {
        row = suspect.row
        original = suspect.original
    }
}

/// What stands between a row that should not be on the server and its deletion: looks at what is there, a time between
/// them, a limit (sync.md, "Deletions by the engine's own conclusion").
struct DeletionGuard: Sendable {
    /// A row that should not be there.
    struct Suspect: Sendable, Hashable {
        /// The row.
        var row: RecordKey
        /// The record that it is a second copy of; nil for a row whose create was cancelled here.
        var original: String?
        /// Whether other devices make records with the same key.
        var isShared = false
        /// When the first look that spoke for its deletion was asked for.
        var firstLook: SyncInstant?
        /// Whether the original was found to be gone, or another record by now: true is gone. Then the row itself is
        /// read, and taken for the record.
        var isOriginalGone: Bool?
        /// Whether this device has deleted the original for its user.
        var wasDeletedHere = false
        /// When it is looked at next.
        var due: SyncInstant
        /// Looks that came to nothing.
        var attempts = 0

        /// Whether no look has told anything yet.
        var isUnseen: Bool { firstLook == nil && isOriginalGone == nil }

        /// The record to look at.
        var sight: String { isOriginalGone == nil ? original ?? row.id : row.id }
    }

    /// What a look comes to.
    enum Decision: Sendable, Hashable {
        /// Another look is due.
        case lookAgain
        /// It may be deleted.
        case delete(OwnDeletion)
        /// The row is the record.
        case adopt
        /// It stays, and the app is told why.
        case keep(String)
        /// So many rows at once are no delayed copies: all of them stay.
        case keepAll
        /// There is nothing to do.
        case leave
    }

    /// The most rows looked at side by side; further ones are met again by the next comparison.
    static let mostSuspects = 200
    /// How many looks are under way at a time.
    static let mostLooks = 4
    /// For how long a deletion counts.
    private static let memory = Duration.seconds(3_600)

    /// For how long a copy of a record that was deleted here may still arrive, and how many records that is kept of.
    private static let late = (time: Duration.seconds(600), most: 1_000)

    private(set) var suspects: [RecordKey: Suspect] = [:]
    private var recent: [(table: String, at: SyncInstant)] = []
    private var deletedHere: [(row: RecordKey, at: SyncInstant)] = []

    /// Suspects by table and id.
    var ordered: [Suspect] {
        suspects.values.sorted { a, b in
            a.row.table == b.row.table
                ? a.row.id.precedesInBytes(b.row.id) : a.row.table.precedesInBytes(b.row.table)
        }
    }

    /// Suspects that are to be looked at now: all of a table are looked at once before any is a second time, so that it
    /// is known how many they are.
    func due(at now: SyncInstant) -> [Suspect] {
        let unseen = Set(suspects.values.filter(\.isUnseen).map { ExactString($0.row.table) })
        return ordered.filter { suspect in
            suspect.due <= now && (suspect.firstLook == nil || !unseen.contains(ExactString(suspect.row.table)))
        }
    }

    /// Notes a row that should not be there.
    mutating func suspect(
        _ row: RecordKey, copyOf original: String?, isShared: Bool = false, at now: SyncInstant
    ) {
        guard suspects[row] == nil, suspects.count < Self.mostSuspects else { return }
        deletedHere.removeAll { $0.at.duration(to: now) > Self.late.time }
        let key = original.map { RecordKey(row.table, $0) }
        suspects[row] = Suspect(
            row: row, original: original, isShared: isShared, wasDeletedHere: deletedHere.contains { $0.row == key },
            due: now)
    }

    /// Notes that a record was deleted for this device's user: a late copy of its create is not the record again.
    mutating func noteDeletion(of record: RecordKey, at now: SyncInstant) {
        deletedHere.append((record, now))
        if deletedHere.count > Self.late.most { deletedHere.removeFirst() }
    }

    /// The rows of a table that would be deleted.
    func doomed(_ table: String) -> [RecordKey] {
        ordered.filter { $0.row.table.hasSameBytes(as: table) && $0.firstLook != nil }.map(\.row)
    }

    /// Nothing more is to be found out about a row.
    mutating func forget(_ row: RecordKey) { suspects[row] = nil }

    /// A row was deleted, or would have been if it were the only one.
    mutating func count(_ row: RecordKey, at now: SyncInstant) {
        suspects[row] = nil
        recent.append((row.table, now))
    }

    /// Looks again at a moment; `failed` when the last look came to nothing.
    mutating func wait(_ row: RecordKey, until moment: SyncInstant, failed: Bool = true) {
        suspects[row]?.due = moment
        if failed { suspects[row]?.attempts += 1 }
    }

    /// Goes on after a look that was asked for at `sentAt`.
    mutating func looked(
        at row: RecordKey, _ sight: UnwantedEvidence.Sight, sentAt: SyncInstant, interval: Duration, limit: Int,
        by rule: (UnwantedEvidence) -> UnwantedFate
    ) -> Decision {
        guard var suspect = suspects[row] else { return .leave }
        recent.removeAll { $0.at.duration(to: sentAt) > Self.memory }
        let count = doomed(row.table).count + recent.count { $0.table.hasSameBytes(as: row.table) }
        let evidence = UnwantedEvidence(
            sight: sight, isCopy: suspect.original != nil, isShared: suspect.isShared,
            wasDeletedHere: suspect.wasDeletedHere,
            sinceFirstLook: suspect.firstLook?.duration(to: sentAt), interval: interval, isMany: count >= limit)
        suspect.attempts = 0
        defer { if suspects[row] != nil { suspects[row] = suspect } }
        switch rule(evidence) {
        case .lookAgain:
            let first = suspect.firstLook ?? sentAt
            suspect.firstLook = first
            suspect.due = first.advanced(by: interval)
            return .lookAgain
        case .delete: return .delete(OwnDeletion(suspect))
        case .adopt:
            suspect.isOriginalGone = sight == .missing
            return .adopt
        case .keep where sight == .hidden: return .keep("this user can't read the evidence for its deletion")
        case .keep where sight == .recreated: return .keep("the record was recreated")
        case .keep: return .keep("another device recreated the record")
        case .keepAll: return .keepAll
        case .leave: return .leave
        }
    }
}

/// What is known of a row that should not be on the server when it, or its original, has been read by its id.
package struct UnwantedEvidence: Sendable, Hashable {
    /// What the read showed: of a second copy the original, of a row whose create was cancelled the row itself.
    package enum Sight: Sendable, Hashable {
        /// It is there and bears its key.
        case present
        /// It is there, and was made again: the row that bears the create's key may be the record before.
        case recreated
        /// It is there and doesn't bear the key: it is another record by now.
        case changed
        /// There is none.
        case missing
        /// This user may not read it.
        case hidden
    }

    /// What the read showed.
    package var sight: Sight
    /// Whether it is a second copy; else its create was cancelled here.
    package var isCopy: Bool
    /// Whether other devices make records with the same key: the copy needn't be this device's.
    package var isShared: Bool
    /// Whether this device has just deleted the original for its user.
    package var wasDeletedHere: Bool
    /// How long before this look the first one was that showed the same; nil for the first.
    package var sinceFirstLook: Duration?
    /// How long two looks must lie apart.
    package var interval: Duration
    /// Whether so many rows are to be deleted that they can't be delayed copies.
    package var isMany: Bool

    /// What is known.
    package init(
        sight: Sight, isCopy: Bool, isShared: Bool, wasDeletedHere: Bool, sinceFirstLook: Duration?, interval: Duration,
        isMany: Bool
    ) {
        self.sight = sight
        self.isCopy = isCopy
        self.isShared = isShared
        self.wasDeletedHere = wasDeletedHere
        self.sinceFirstLook = sinceFirstLook
        self.interval = interval
        self.isMany = isMany
    }

    /// The shipped rule: only a record that is surely there makes its second copy one too many.
    package var fate: UnwantedFate {
        switch sight {
        case .hidden, .recreated: return .keep
        case .changed: return isCopy ? .adopt : .leave
        case .missing where !isCopy: return .leave
        case .missing where !wasDeletedHere: return .adopt
        case .missing, .present: break
        }
        if isShared { return .keep }
        // By the second look all that were met together have been seen once.
        guard let sinceFirstLook, sinceFirstLook >= interval else { return .lookAgain }
        return isMany ? .keepAll : .delete
    }
}

/// What becomes of a row that should not be on the server.
package enum UnwantedFate: Sendable, Hashable {
    /// It is looked at again, later.
    case lookAgain
    /// It is deleted.
    case delete
    /// It is the record, under a new id.
    case adopt
    /// It stays.
    case keep
    /// It stays, and so do the others of its table.
    case keepAll
    /// There is nothing to do.
    case leave
}
