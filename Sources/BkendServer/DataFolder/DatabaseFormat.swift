#if Server
import GRDB

/// Marks our databases, so that a foreign or newer file is refused instead of misread.
struct DatabaseFormat {
    /// "bknd" in SQLite's `application_id`.
    static let applicationID = 0x626B_6E64
    /// The version of this program, in `user_version`.
    let version: Int

    /// Makes the tables of an empty database, or checks that an existing one is ours and not newer.
    func prepare(_ db: Database, path: String, create: (Database) throws -> Void) throws {
        let found = try Int.fetchOne(db, sql: "PRAGMA user_version") ?? 0
        let owner = try Int.fetchOne(db, sql: "PRAGMA application_id") ?? 0
        if found == 0, owner == 0 {
            try create(db)
            try db.execute(sql: "PRAGMA application_id = \(Self.applicationID)")
            try db.execute(sql: "PRAGMA user_version = \(version)")
            return
        }
        guard owner == Self.applicationID else { throw OperatorError("\(path) is not a database of bkend-server") }
        guard found <= version else {
            throw OperatorError(
                "\(path) has format \(found), newer than this bkend-server knows (\(version)); use a newer one")
        }
    }
}
#endif
