import GRDB

/// The tables that hold an environment's definitions in its SQLite database.
enum TableSchema {
    /// SQL that takes the tables from one format to the next; the first makes them. A step that has been released is
    /// never changed.
    private static let steps = [
        """
        CREATE TABLE server_catalog (format INTEGER NOT NULL, generation INTEGER NOT NULL) STRICT;
        INSERT INTO server_catalog VALUES (0, 1);
        CREATE TABLE server_tables (
            name TEXT PRIMARY KEY, version INTEGER NOT NULL, definition TEXT NOT NULL) STRICT, WITHOUT ROWID;
        CREATE TABLE server_table_versions (
            name TEXT NOT NULL, version INTEGER NOT NULL, definition TEXT NOT NULL, createdAt TEXT NOT NULL,
            PRIMARY KEY (name, version)) STRICT, WITHOUT ROWID;
        """,
        // The tables that a first record has made.
        "CREATE TABLE server_dynamic_tables (name TEXT PRIMARY KEY) STRICT, WITHOUT ROWID;",
        // The log of changes.
        ChangeLogSQL.tables,
    ]

    /// The format that this program reads and writes.
    static var format: Int { steps.count }

    /// The format of a database, nil when it holds no definitions.
    static func format(of db: Database) throws -> Int? {
        guard try db.tableExists("server_catalog") else { return nil }
        return try Int.fetchOne(db, sql: "SELECT format FROM server_catalog") ?? 0
    }

    /// The first format with a log of changes. A program of an older one would write what the log doesn't have, so nobody
    /// else may have the database open while it is begun.
    private static let firstLogged = 3

    /// Refuses to bring a database up to the log of changes while another process has it open.
    ///
    /// A connection that is alone can end the write-ahead log (https://sqlite.org/wal.html#activating_and_configuring_wal_mode);
    /// opening begins it again.
    static func checkAlone(path: String) throws {
        // What can't be read here is refused where it is opened.
        guard FileStatus(path)?.isFile == true,
            let found = (try? SQLiteFile.read(path) { try $0.tableFormat() }) ?? nil, found < firstLogged
        else { return }
        var configuration = Configuration()
        configuration.busyMode = .timeout(5)
        let queue = try DatabaseQueue(path: path, configuration: configuration)
        defer { try? queue.close() }
        try queue.inDatabase { db in
            let mode: String?
            do { mode = try String.fetchOne(db, sql: "PRAGMA journal_mode = DELETE") } catch let error as DatabaseError
                where error.resultCode == .SQLITE_BUSY
            { mode = nil }
            guard mode != "wal", mode != nil else {
                throw OperatorError(
                    "\(path) has format \(found) and is open in another process; stop that one, so that the change log of "
                        + "format \(firstLogged) misses nothing")
            }
        }
    }

    /// Makes the tables of a new database and brings those of an older one up to date; refuses newer ones.
    static func prepare(_ db: Database, path: String) throws {
        let found = try format(of: db) ?? 0
        guard found <= format else {
            throw OperatorError(
                "\(path) has format \(found), newer than this bkend-server knows (\(format)); use a newer one", .data)
        }
        if found == format { return }
        for step in steps[found...] { try db.execute(sql: step) }
        try db.execute(sql: "UPDATE server_catalog SET format = ?, generation = generation + 1", arguments: [format])
    }
}
