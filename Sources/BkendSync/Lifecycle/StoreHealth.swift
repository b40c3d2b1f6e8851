/// Whether the database's structure is intact, as far as is known.
public enum StoreHealth: Hashable, Sendable {
    /// The last process that used the store closed it. Nothing suggests damage.
    case unsuspicious
    /// The store wasn't closed the last time. SQLite's quick_check runs in the background.
    case checking
    /// quick_check found no damage.
    case sound
    /// quick_check couldn't finish, for the given reason. The next opening runs it again.
    case unknown(String)
    /// The store can be read but not written, for the given reason: the disk is full, the folder is read-only, or
    /// another process was stopped during a write. Each write tries again, and the first one that succeeds ends this
    /// state.
    case readOnly(String)
    /// quick_check found damage; the text is its first message. The next opening sets the store aside and salvages its
    /// outbox.
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

/// What happened to a damaged database when the store was opened.
public struct StoreDamage: Hashable, Sendable {
    /// SQLite's message.
    public var reason: String
    /// Where the damaged files are now.
    public var setAside: String
    /// The number of outbox entries that were saved.
    public var savedEntries: Int
    /// The maximum number of entries that couldn't be read.
    public var lostEntries: Int
    /// Whether even the outbox's table couldn't be opened. The number of lost entries is unknown then.
    public var isOutboxUnreadable: Bool
    /// Whether the write-ahead log was missing. Writes since its last checkpoint may be lost; their number is unknown.
    public var isLogMissing = false

    static let withoutLog = StoreDamage(
        reason: "the write-ahead log (-wal) is missing; writes since its last checkpoint are lost", setAside: "",
        savedEntries: 0, lostEntries: 0, isOutboxUnreadable: false, isLogMissing: true)
}
