import BkendDocuments
import BkendWire
import Foundation
import GRDB

/// Sets a damaged store aside and carries over what can't be fetched again: the outbox, its ids, and what the records
/// were that it changes. Everything else comes back from the server.
struct StoreSalvage {
    let path: String
    let lock: FileLock

    /// Whether an error of opening says that the file is damaged, not that it is somebody else's or can't be reached.
    static func isDamage(_ error: any Error) -> Bool {
        switch error {
        case let error as DatabaseError: [.SQLITE_CORRUPT, .SQLITE_NOTADB].contains(error.resultCode)
        case let error as StoreError: if case .damaged = error.reason { true } else { false }
        case is DamagedDocument: true
        default: false
        }
    }

    func run(because reason: String, reopening open: () throws -> StoreDatabase) throws -> StoreDatabase {
        let aside = try lock.withLock { try setAside() }
        var found = SalvagedRows()
        do { try found.read(from: aside) } catch { found.isUnreadable = true }
        let store = try open()
        let saved = try store.write { try $0.restore(found) }
        store.damage = StoreDamage(
            reason: reason, setAside: aside, savedEntries: saved,
            lostEntries: found.lost + max(0, found.entries - saved),
            isOutboxUnreadable: found.isUnreadable)
        return store
    }

    /// Moves the database and its log to the first free name.
    private func setAside() throws -> String {
        var number = 1
        while access("\(path).damaged-\(number)", F_OK) == 0 { number += 1 }
        let aside = "\(path).damaged-\(number)"
        for suffix in ["", "-wal", "-shm"] where rename(path + suffix, aside + suffix) != 0 && errno != ENOENT {
            throw StorageError(path: path + suffix, reason: .cannotOpen(errno: errno))
        }
        unlink(path + ".damaged")
        return aside
    }
}

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

extension StoreTransaction {
    /// Puts salvaged rows into a new store; how many entries there are afterwards.
    func restore(_ found: SalvagedRows) throws -> Int {
        for (key, value) in found.meta { try setMeta(key, value) }
        for table in found.tables {
            let columns = table.columns.joined(separator: ", ")
            let marks = table.columns.map { _ in "?" }.joined(separator: ", ")
            for row in table.rows {
                // A row that was read from a damaged page may hold anything; what doesn't fit is left out.
                try? db.execute(
                    sql: "INSERT OR IGNORE INTO \(table.name) (\(columns)) VALUES (\(marks))",
                    arguments: StatementArguments(row))
            }
        }
        try db.perform("UPDATE sync_subscriptions SET progress = '{}'")
        try db.perform("UPDATE sync_entries SET state = 'ambiguous' WHERE state = 'inFlight'")
        noteAliases()
        noteEntries()
        for sequence in try db.all("SELECT sequence FROM sync_entries ORDER BY sequence", read: { $0.int(0) }) {
            // An entry that can't be understood must not keep the others from being sent.
            guard let entry = try? entry(sequence) else {
                try db.perform("DELETE FROM sync_entries WHERE sequence = ?", .int(sequence))
                continue
            }
            try save(entry)
        }
        let entries = try entries()
        for entry in entries {
            let key = RecordKey(entry.table, entry.record)
            try rebuild(key, base: try storedBase(key))
        }
        try giveUpLostCreates()
        return try entryCount()
    }

    /// A local id whose create could not be read will never get the server's: the record's other writes go, and what
    /// names it fails, or it would wait for ever. The key is forgotten: a copy that the server turns out to have may be
    /// all that is left of the record.
    private func giveUpLostCreates() throws {
        let lost = try db.all(
            """
            SELECT collection, local_id FROM sync_aliases AS alias WHERE state = 'pending' AND NOT EXISTS
            (SELECT 1 FROM sync_entries AS made
            WHERE made.collection = alias.collection AND made.record = alias.local_id AND made.kind = 'create')
            ORDER BY number
            """
        ) { RecordKey($0.text(0), $0.text(1)) }
        for key in lost {
            try cancel(key)
            try db.perform("UPDATE sync_aliases SET client_key = NULL WHERE local_id = ?", .text(key.id))
        }
    }
}
