import GRDB

/// Marks our databases, so that a foreign or newer file is refused instead of misread, and brings older ones up to date.
struct DatabaseFormat: Sendable {
    /// "bknd" in SQLite's `application_id`.
    static let applicationID = 0x626B_6E64

    /// SQL that takes a database from one version to the next; the first makes the tables of an empty one. A step that
    /// has been released is never changed.
    let steps: [String]

    /// The version of this program, in `user_version`.
    var version: Int { steps.count }

    /// The version that a database has, 0 when it is empty.
    ///
    /// - Throws: `OperatorError` when it isn't ours, or newer.
    func version(of db: Database, path: String) throws -> Int {
        let found = try Int.fetchOne(db, sql: "PRAGMA user_version") ?? 0
        let owner = try Int.fetchOne(db, sql: "PRAGMA application_id") ?? 0
        if found == 0, owner == 0 { return 0 }
        guard owner == Self.applicationID else {
            throw OperatorError("\(path) is not a database of bkend-server", .data)
        }
        guard found <= version else {
            throw OperatorError(
                "\(path) has format \(found), newer than this bkend-server knows (\(version)); use a newer one", .data)
        }
        return found
    }

    /// Makes the tables of an empty database, or migrates an older one, inside the caller's transaction.
    func migrate(_ db: Database, path: String) throws {
        let found = try version(of: db, path: path)
        if found == version { return }
        for step in steps[found...] { try db.execute(sql: step) }
        try db.execute(sql: "PRAGMA application_id = \(Self.applicationID)")
        try db.execute(sql: "PRAGMA user_version = \(version)")
    }
}
