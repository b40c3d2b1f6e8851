import BkendWire
import GRDB

/// Rows of a damaged store, each read for itself: one that can't be read takes no other along.
struct SalvagedRows {
    struct Table {
        var name: String
        var columns: [String]
        var rows: [[DatabaseValue]] = []
    }

    var meta: [(key: String, value: String)] = []
    /// What an earlier salvage found that nobody was told of yet.
    var untold: StoreDamage?
    var tables: [Table] = []
    /// How many entries at most could not be read.
    var lost = 0
    var isUnreadable = false
    /// What kept rows from being read that is no damage of the file: a failing disk, too little memory.
    var obstacle: (any Error)?
    /// How many entries were read.
    var entries: Int { tables.first { $0.name == "sync_entries" }?.rows.count ?? 0 }

    /// Reads what can be read. Where something can't, all is read a second time: SQLite calls it damage as well when the
    /// disk fails for a moment (`SQLITE_IOERR_CORRUPTFS`).
    init(from path: String) {
        read(path)
        if !isUnreadable && lost == 0 && obstacle == nil { return }
        var second = SalvagedRows()
        second.read(path)
        if second.entries > entries || second.entries == entries && isUnreadable { self = second }
    }

    init() {}

    private mutating func read(_ path: String) {
        do {
            try Self.withDatabase(path) { db in
                readMeta(db)
                readTables(db)
            }
        } catch {
            isUnreadable = true
            note(error)
        }
    }

    /// The formats of the store and of its collections in a file, as far as the file can still say them.
    ///
    /// - Throws: what is no damage of the file.
    static func formats(in path: String) throws -> (store: Int?, collections: Int?) {
        do {
            return try withDatabase(path) { db in
                func number(_ sql: String) throws -> Int? {
                    do { return try Int.fetchOne(db, sql: sql) } catch {
                        if isObstacle(error) { throw error }
                        return nil
                    }
                }
                return (
                    try number("SELECT CAST(value AS INTEGER) FROM sync_meta WHERE key = 'format'"),
                    try number("SELECT version FROM bkend_format")
                )
            }
        } catch {
            if isObstacle(error) { throw error }
            return (nil, nil)
        }
    }

    /// Whether an error may be another one next time: what the file holds doesn't explain it.
    private static func isObstacle(_ error: any Error) -> Bool {
        guard let code = (error as? DatabaseError)?.resultCode else { return false }
        return [
            .SQLITE_IOERR, .SQLITE_CANTOPEN, .SQLITE_NOMEM, .SQLITE_FULL, .SQLITE_BUSY, .SQLITE_LOCKED,
            .SQLITE_INTERRUPT, .SQLITE_PERM, .SQLITE_READONLY,
        ].contains(code)
    }

    private mutating func note(_ error: any Error) { if Self.isObstacle(error) { obstacle = obstacle ?? error } }

    /// What a step gives, nil where it fails.
    private mutating func attempt<Result>(_ step: () throws -> Result) -> Result? {
        do { return try step() } catch {
            note(error)
            return nil
        }
    }

    private static func withDatabase<Result>(_ path: String, _ body: (Database) throws -> Result) throws -> Result {
        var configuration = Configuration()
        configuration.readonly = true
        configuration.prepareDatabase { db in
            try db.execute(sql: "PRAGMA cell_size_check = ON; PRAGMA trusted_schema = OFF; PRAGMA mmap_size = 0")
        }
        let queue = try DatabaseQueue(path: path, configuration: configuration)
        defer { try? queue.close() }
        // Without a transaction: after some errors SQLite ends it, and its end would fail after all was read.
        return try queue.unsafeRead(body)
    }

    private mutating func readMeta(_ db: Database) {
        let sql = """
            SELECT key, value FROM sync_meta WHERE key IN ('owner', 'epoch', 'mark', 'salvaged', 'salvageTold', 'moving',
                '\(MetaKey.fileLimits)')
                OR key LIKE 'takenIn.%'
            """
        for row in attempt({ try Row.fetchAll(db, sql: sql) }) ?? [] {
            // Not by subscript: that ends the process over a value of another type.
            guard let key = try? row.decode(String.self, atIndex: 0),
                let value = try? row.decode(String.self, atIndex: 1)
            else { continue }
            meta.append((key, value))
        }
        let isTold = meta.contains { $0.key == "salvageTold" }
        untold = isTold ? nil : meta.first { $0.key == "salvaged" }.flatMap { StoreDamage($0.value) }
        meta.removeAll { $0.key == "salvaged" || $0.key == "salvageTold" }
    }

    private mutating func readTables(_ db: Database) {
        let names = [
            "sync_aliases", "sync_bases", "sync_tables", "sync_subscriptions", "sync_reports", "sync_indexes",
            "sync_files", "sync_entries",
        ]
        for name in names {
            guard let columns = attempt({ try db.columns(in: name).map(\.name) }) else {
                if name == "sync_entries" { isUnreadable = true }
                continue
            }
            var table = Table(name: name, columns: columns)
            let unread = rows(of: name, isKeyed: ["sync_tables", "sync_indexes"].contains(name), in: db, &table.rows)
            if name == "sync_entries" { lost = unread }
            tables.append(table)
        }
    }

    /// Reads a table row by row in the order of its keys; where that fails, each following key for itself. The number
    /// of keys that can't be read.
    private mutating func rows(
        of table: String, isKeyed: Bool, in db: Database, _ rows: inout [[DatabaseValue]]
    ) -> Int {
        func values(_ row: Row) -> [DatabaseValue] { Array(row.databaseValues.dropFirst()) }
        if isKeyed {
            rows = attempt { try Row.fetchAll(db, sql: "SELECT 0, * FROM \(table)").map(values) } ?? []
            return 0
        }
        var last: Int64 = 0
        do {
            let cursor = try Row.fetchCursor(db, sql: "SELECT rowid, * FROM \(table) ORDER BY rowid")
            while let row = try cursor.next() {
                last = row[0]
                rows.append(values(row))
            }
            return 0
        } catch {
            note(error)
            var unread = 0
            // The counter may be damaged as well: after so many keys in a row that can't be read it is enough.
            var gap = 0
            let greatest = attempt { try Int64.fetchOne(db, sql: "SELECT max(rowid) FROM \(table)") } ?? nil
            var key = last + 1
            while gap < 10_000, key <= greatest ?? .max {
                do {
                    if let row = try Row.fetchOne(
                        db, sql: "SELECT rowid, * FROM \(table) WHERE rowid = ?", arguments: [key])
                    {
                        rows.append(values(row))
                        gap = -1
                    }
                } catch {
                    note(error)
                    unread += 1
                }
                gap += 1
                key += 1
            }
            return unread
        }
    }
}
