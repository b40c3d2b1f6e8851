/// How a database of documents is opened.
package struct StorageOptions: Sendable {
    /// How many readers a pool opens at most; each costs a descriptor or two and a page cache.
    package var readers = 5
    /// How long a statement waits for another process's lock. Never less than five seconds.
    package var busyTimeout: Duration = .seconds(10)
    /// How much memory each connection may use for pages, in KiB. SQLite's 2 MiB hold less than one index of 100,000.
    package var cacheSize = 8 * 1024
    /// Marks the file as ours (`PRAGMA application_id`); a file with another mark is refused.
    package var applicationID: Int32 = 0x626B_6E64
    /// Whether closing the last connection checkpoints the write-ahead log. Off by default: a checkpoint outside the
    /// lock that guards writing is what the WAL-reset bug needs (see `DocumentStorage`).
    package var checkpointsOnClose = false

    /// The most bytes that the log's file keeps when it is begun anew (`PRAGMA journal_size_limit`); without it the file
    /// would stay as large as it ever was. Twice what SQLite lets it grow to when no read holds it.
    package static let logKept = 8 << 20

    /// Whether the file is made or looked at first. Not where this process has the database open already: closing another
    /// descriptor of the file drops the locks that SQLite holds on it.
    package var preparesFile = true

    /// The name of a file system registered with SQLite (`sqlite3_vfs`) to open the database in; nil: the system's
    /// own. In another one the path is a name of that file system, and who may read its files is its own affair.
    package var vfs: String?

    /// The defaults.
    package init() {}
}
