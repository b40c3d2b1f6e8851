/// Whether the database's structure is sound, as far as is known.
public enum StoreHealth: Hashable, Sendable {
    /// The last process that had the store closed it; nothing suggests damage.
    case unsuspicious
    /// The store wasn't closed the last time; SQLite's quick_check runs behind.
    case checking
    /// quick_check found nothing.
    case sound
    /// quick_check could not be run to its end: what SQLite said. The next opening tries again.
    case unknown(String)
    /// The store can be read and not written: the disk is full, the folder read-only, or another process was stopped in
    /// the middle of a write. Why, in words. Each write tries anew, and the first that succeeds ends it.
    case readOnly(String)
    /// quick_check found damage: the next opening sets the store aside and salvages its outbox. Its first words.
    case damaged(String)

    /// What a quick_check says of the store: its first words, or what it ended with.
    init(_ check: Result<String?, any Error>) {
        self =
            switch check {
            case .success("ok"?): .sound
            case .success(let flaw?): .damaged(flaw)
            case .success(nil): .unknown("quick_check returned no result")
            case .failure(let error) where StoreSalvage.isDamage(error): .damaged("\(error)")
            case .failure(let error): .unknown("\(error)")
            }
    }

    /// Whether the next opening may do without a check.
    var isTrusted: Bool { self == .unsuspicious || self == .sound }
}

/// What an opening had to do about a damaged database.
public struct StoreDamage: Hashable, Sendable {
    /// What SQLite said.
    public var reason: String
    /// Where the damaged files lie now.
    public var setAside: String
    /// How many entries of the outbox were carried over.
    public var savedEntries: Int
    /// How many entries at most could not be read.
    public var lostEntries: Int
    /// Whether even the outbox's table could not be opened; then the number of lost entries is unknown.
    public var isOutboxUnreadable: Bool
    /// Whether the log was gone: what had been written since its last checkpoint may be lost, and how much that is
    /// nobody can say.
    public var isLogMissing = false

    static let withoutLog = StoreDamage(
        reason: "the write-ahead log (-wal) is missing; writes since its last checkpoint are lost", setAside: "",
        savedEntries: 0, lostEntries: 0, isOutboxUnreadable: false, isLogMissing: true)
}
