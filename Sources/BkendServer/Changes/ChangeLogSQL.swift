/// The statements of the log of changes.
enum ChangeLogSQL {
    /// The log's tables. `server_log.bytes` adds up what the rows of the table before took, so that two rows tell what lies
    /// between them.
    static let tables = """
        CREATE TABLE server_log_end (secret TEXT NOT NULL, trimmed INTEGER NOT NULL) STRICT;
        INSERT INTO server_log_end VALUES (lower(hex(randomblob(32))), 0);
        CREATE TABLE server_log_tables (
            name TEXT PRIMARY KEY, epoch TEXT NOT NULL, trimmed INTEGER NOT NULL, mark INTEGER NOT NULL)
            STRICT, WITHOUT ROWID;
        CREATE TABLE server_log (
            position INTEGER PRIMARY KEY, first INTEGER NOT NULL, at INTEGER NOT NULL, name TEXT NOT NULL,
            id TEXT NOT NULL, kind INTEGER NOT NULL, stamp TEXT NOT NULL, author TEXT NOT NULL, owner TEXT NOT NULL,
            mark INTEGER NOT NULL, bytes INTEGER NOT NULL, size INTEGER NOT NULL, before TEXT) STRICT;
        CREATE INDEX server_log_table ON server_log (name, position);
        CREATE INDEX server_log_owner ON server_log (name, owner, position);
        CREATE INDEX server_log_deletion ON server_log (name, id, position) WHERE kind = 2;
        """

    static let last = "SELECT max(position) FROM server_log"
    static let end = "SELECT trimmed, secret FROM server_log_end"
    static let setEnd = "UPDATE server_log_end SET trimmed = ? WHERE trimmed < ?"
    static let renewEnd = "UPDATE server_log_end SET secret = ?"

    static let table = "SELECT epoch, trimmed, mark FROM server_log_tables WHERE name = ?"
    static let renewTable = """
        INSERT INTO server_log_tables (name, epoch, trimmed, mark) VALUES (?, ?, 0, 0)
        ON CONFLICT (name) DO UPDATE SET epoch = excluded.epoch
        """
    static let trimTable = """
        INSERT INTO server_log_tables (name, epoch, trimmed, mark) VALUES (?, '', ?, ?)
        ON CONFLICT (name) DO UPDATE SET trimmed = excluded.trimmed, mark = excluded.mark
        """

    static let append = """
        INSERT INTO server_log (
            position, first, at, name, id, kind, stamp, author, owner, mark, bytes, size, before)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
        """
    static let lastOfTable = """
        SELECT position, mark, bytes, size FROM server_log
        WHERE name = ? AND position <= ? ORDER BY position DESC LIMIT 1
        """
    static let after = """
        SELECT position, first, id, kind, stamp, before, author, owner FROM server_log
        WHERE name = ? AND position > ? ORDER BY position
        """
    static let afterOfOwner = """
        SELECT position, first, id, kind, stamp, before, author, owner FROM server_log
        WHERE name = ? AND owner = ? AND position > ? ORDER BY position
        """
    static let deletion = """
        SELECT stamp FROM server_log WHERE name = ? AND id = ? AND kind = 2 ORDER BY position DESC LIMIT 1
        """

    /// The next table with changes after a name, in the order of names.
    static let nextTable = "SELECT name FROM server_log WHERE name > ? ORDER BY name LIMIT 1"
    static let oldest =
        "SELECT position, mark, bytes, size, at FROM server_log WHERE name = ? ORDER BY position LIMIT ?"
    static let deleteOldest = "DELETE FROM server_log WHERE name = ? AND position <= ?"

    /// Every statement, to be prepared in a test.
    static let all = [
        last, end, setEnd, renewEnd, table, renewTable, trimTable, append, lastOfTable, after, afterOfOwner,
        deletion, nextTable, oldest, deleteOldest,
    ]
}
