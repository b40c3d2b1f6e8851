import BkendDocuments
import BkendWire
import Foundation
import GRDB

extension StoreTransaction {
    /// Puts salvaged rows into a new store; how many entries there are afterwards.
    func restore(_ found: SalvagedRows) throws -> Int {
        for (key, value) in found.meta { try setMeta(key, value) }
        for table in found.tables {
            // Names come from the new store alone: the damaged one's may hold anything.
            let known = try db.columns(in: table.name).map(\.name)
            let places = table.columns.indices.filter { place in
                known.contains { $0.hasSameBytes(as: table.columns[place]) }
            }
            if places.isEmpty { continue }
            let columns = places.map { "\"\(table.columns[$0])\"" }.joined(separator: ", ")
            let marks = places.map { _ in "?" }.joined(separator: ", ")
            for row in table.rows {
                // A row that was read from a damaged page may hold anything; what doesn't fit is left out.
                try? db.execute(
                    sql: "INSERT OR IGNORE INTO \(table.name) (\(columns)) VALUES (\(marks))",
                    arguments: StatementArguments(places.map { row[$0] }))
            }
        }
        try dropUnreadable()
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

    /// What can't be understood must not keep the rest from being used.
    private func dropUnreadable() throws {
        let texts = [
            ("sync_bases", "rowid", "document"), ("sync_tables", "collection", "facts"),
            ("sync_subscriptions", "number", "filter"), ("sync_reports", "number", "detail"),
        ]
        for (table, key, text) in texts {
            for row in try Row.fetchAll(db, sql: "SELECT \(key), CAST(\(text) AS BLOB) FROM \(table)") {
                let bytes = Data.fromDatabaseValue(row.databaseValues.last ?? .null) ?? Data()
                if (try? DocumentReader.object(Array(bytes))) != nil { continue }
                try db.execute(
                    sql: "DELETE FROM \(table) WHERE \(key) = ?",
                    arguments: StatementArguments(row.databaseValues.prefix(1)))
            }
        }
        for number in try db.all("SELECT number FROM sync_subscriptions", read: { $0.int(0) })
        where (try? subscription(number)) == nil {
            try db.perform("DELETE FROM sync_subscriptions WHERE number = ?", .int(number))
        }
        try db.perform("DELETE FROM sync_aliases WHERE state NOT IN ('pending', 'completed', 'cancelled')")
        // A create whose row of the id table is lost is still sent, and its record still renamed.
        try db.perform(
            """
            INSERT OR IGNORE INTO sync_aliases (local_id, collection, user, client_key, state)
            SELECT record, collection, user, client_key, 'pending' FROM sync_entries WHERE kind = 'create'
            """)
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
