import BkendDocuments
import BkendStorage
import BkendWire
import GRDB

/// A database file that is only looked at, while a server may have it open: nothing in it changes, and nobody waits.
struct SQLiteFile {
    private let db: Database

    /// Opens a file for reading, and reads one snapshot of it.
    ///
    /// - Throws: `StorageFailure`, `StorageError`; what `body` throws.
    static func read<Result>(_ path: String, _ body: (SQLiteFile) throws -> Result) throws -> Result {
        try StorageFailure.mapping {
            let reader = try DocumentStorage.openReader(path: path)
            defer { try? reader.close() }
            return try reader.read { db in try body(SQLiteFile(db: db)) }
        }
    }

    /// Copies a database by `VACUUM INTO` on a connection that only reads (SQLite's documentation of VACUUM): one
    /// snapshot, no lock that writers would wait for, and no page that is free.
    static func copy(_ database: String, to copy: String) throws {
        try PrivateFile.checkNoLink(database)
        try StorageFailure.mapping {
            let reader = try DocumentStorage.openReader(path: database)
            defer { try? reader.close() }
            try PrivateFile.make(copy)
            try reader.inDatabase { db in try db.execute(sql: "VACUUM INTO ?", arguments: [copy]) }
        }
    }

    /// Makes the copy of an environment's database another life of it: cursors of the change feed from before don't hold
    /// once the copy is taken into use.
    static func beginAnotherLife(in copy: String) throws {
        try StorageFailure.mapping {
            let queue = try DatabaseQueue(path: copy)
            defer { try? queue.close() }
            try queue.write { db in
                guard try db.tableExists("server_log_end") else { return }
                try ChangeLog.beginAnotherLife(in: SQLiteSession(db, clock: { .systemNow }))
            }
        }
    }

    /// SQL over the snapshot.
    var session: any SQLSession { SQLiteSession(db, clock: { .systemNow }) }

    /// What SQLite finds wrong with the file.
    func flaws() throws -> [String] {
        try String.fetchAll(db, sql: "PRAGMA integrity_check(100)").filter { $0 != "ok" }
    }

    /// The rows that refer to none: their table, and the one that they refer to.
    func danglingReferences() throws -> [(table: String, parent: String)] {
        try Row.fetchAll(db, sql: "PRAGMA foreign_key_check").map { ($0["table"], $0["parent"]) }
    }

    /// The format of a control database.
    ///
    /// - Throws: `OperatorError` when it isn't ours, or newer.
    func controlFormat(path: String) throws -> Int { try SQLiteControl.format.version(of: db, path: path) }

    /// The format of an environment's definitions; nil when there are none.
    func tableFormat() throws -> Int? { try TableSchema.format(of: db) }

    /// The newest format of definitions that this program knows.
    static var newestTableFormat: Int { TableSchema.format }

    /// Whether the file has the tables of files.
    func hasFiles() throws -> Bool { try db.tableExists("file_schema") }

    /// The names of all collections.
    func collectionNames() throws -> [String] { try Collection.names(in: db) }

    /// The collection of a name, nil when there is none.
    func collection(_ name: String) throws -> Collection? { try Collection.named(name, in: db) }

    /// Looks at every document and every index entry of a collection; see `Collection.check`.
    func check(
        _ collection: Collection, finding: (CollectionFinding) throws -> Void,
        visit: (String, UnsafeBufferPointer<UInt8>) throws -> Void
    ) throws {
        try collection.check(in: db, finding: finding, visit: visit)
    }
}
