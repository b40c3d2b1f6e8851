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
    var tables: [Table] = []
    /// How many entries at most could not be read.
    var lost = 0
    var isUnreadable = false
    /// How many entries were read.
    var entries: Int { tables.first { $0.name == "sync_entries" }?.rows.count ?? 0 }

    mutating func read(from path: String) throws {
        var configuration = Configuration()
        configuration.readonly = true
        configuration.prepareDatabase { db in
            try db.execute(sql: "PRAGMA cell_size_check = ON; PRAGMA trusted_schema = OFF; PRAGMA mmap_size = 0")
        }
        let queue = try DatabaseQueue(path: path, configuration: configuration)
        defer { try? queue.close() }
        try queue.read { db in
            for row
                in (try? Row.fetchAll(
                    db, sql: "SELECT key, value FROM sync_meta WHERE key IN ('owner', 'epoch', 'mark')")) ?? []
            {
                // Not by subscript: that ends the process over a value of another type.
                guard let key = try? row.decode(String.self, atIndex: 0),
                    let value = try? row.decode(String.self, atIndex: 1)
                else { continue }
                meta.append((key, value))
            }
            for name in [
                "sync_aliases", "sync_bases", "sync_tables", "sync_subscriptions", "sync_reports", "sync_entries",
            ] {
                guard let columns = try? db.columns(in: name).map(\.name) else {
                    if name == "sync_entries" { isUnreadable = true }
                    continue
                }
                var table = Table(name: name, columns: columns)
                let unread = Self.rows(of: name, isKeyed: name == "sync_tables", in: db, &table.rows)
                if name == "sync_entries" { lost = unread }
                tables.append(table)
            }
        }
    }

    /// Reads a table row by row in the order of its keys; where that fails, each following key for itself. The number
    /// of keys that can't be read.
    private static func rows(of table: String, isKeyed: Bool, in db: Database, _ rows: inout [[DatabaseValue]]) -> Int {
        func values(_ row: Row) -> [DatabaseValue] { Array(row.databaseValues.dropFirst()) }
        if isKeyed {
            rows = (try? Row.fetchAll(db, sql: "SELECT 0, * FROM \(table)").map(values)) ?? []
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
            var unread = 0
            // The counter may be damaged as well: after so many keys in a row that can't be read it is enough.
            var gap = 0
            let greatest = (try? Int64.fetchOne(db, sql: "SELECT max(rowid) FROM \(table)")) ?? nil
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
                    unread += 1
                }
                gap += 1
                key += 1
            }
            return unread
        }
    }
}
