import BkendDocuments
import BkendWire
import Foundation
import GRDB

/// Fills a new store with what was read of a damaged one.
struct Restoring: StorePart {
    let store: StoreTransaction

    /// Puts salvaged rows into a new store; how many entries there are afterwards.
    func restore(_ found: SalvagedRows) throws -> Int {
        for (key, value) in found.meta { try store.setMeta(key, value) }
        let knowsOwner = found.meta.contains { $0.key.hasSameBytes(as: "owner") }
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
                _ = try attempt {
                    try db.execute(
                        sql: "INSERT OR IGNORE INTO \(table.name) (\(columns)) VALUES (\(marks))",
                        arguments: StatementArguments(places.map { row[$0] }))
                }
            }
        }
        try dropUnreadable()
        // They are made anew, with their tables.
        try db.perform("UPDATE sync_indexes SET filled = NULL, flaw = NULL")
        try db.perform("UPDATE sync_subscriptions SET progress = '{}'")
        try db.perform("UPDATE sync_entries SET state = 'ambiguous' WHERE state = 'inFlight'")
        // Earlier formats stored it.
        try db.perform("UPDATE sync_entries SET state = 'queued' WHERE state = 'blocked'")
        store.noteAliases()
        store.noteEntries()
        for sequence in try db.all("SELECT sequence FROM sync_entries ORDER BY sequence", read: { $0.int(0) }) {
            // An entry that can't be understood must not keep the others from being sent.
            let isKept = try attempt {
                guard let entry = try store.outbox.storedEntry(sequence),
                    entry.isOfFile || TableName.flaw(in: entry.table) == nil,
                    !entry.record.isEmpty
                else { throw StoreError(.damaged("entry \(sequence)")) }
                try store.outbox.save(entry)
            }
            if !isKept { try db.perform("DELETE FROM sync_entries WHERE sequence = ?", .int(sequence)) }
        }
        store.noteEntries()
        if !knowsOwner { try restoreOwner() }
        try restoreFiles()
        try restoreRecords()
        try giveUpLostCreates()
        // The bases of records whose entries are lost: the server has them.
        try db.perform(
            """
            DELETE FROM sync_bases AS base WHERE NOT EXISTS
            (SELECT 1 FROM sync_entries AS e WHERE e.collection = base.collection AND e.record = base.record)
            """)
        return try store.outbox.entryCount()
    }

    /// A file that waits has an entry and bytes; what has lost one of the two is none. Bytes whose rows are lost are put
    /// aside by the next sweep.
    private func restoreFiles() throws {
        try db.perform(
            """
            DELETE FROM sync_files WHERE upload IS NOT NULL AND record NOT IN
            (SELECT record FROM sync_entries WHERE collection = ? AND kind = 'create')
            """, .text(FileTable.name))
        // Which files are kept is known again once the members of the subscriptions are.
        try db.perform("UPDATE sync_files SET kept = 0")
        try db.perform("UPDATE sync_files SET used = 0 WHERE typeof(used) <> 'integer'")
        try db.perform(
            "UPDATE sync_files SET size = 0 WHERE typeof(size) <> 'integer' OR size NOT BETWEEN 0 AND 1 << 50")
        // What the triggers have added up may be of damaged numbers.
        try db.perform(
            """
            UPDATE sync_file_sizes SET bytes = (
                SELECT ifnull(sum(size), 0) FROM sync_files WHERE state =
                    CASE WHEN upload IS NOT NULL THEN 'waiting' WHEN kept THEN 'kept' ELSE 'cached' END)
            """)
        try store.setMeta(MetaKey.unclaimedFiles, "1")
    }

    /// Whose the store was is lost; where all entries are one user's, it was that one's.
    private func restoreOwner() throws {
        let users = try db.all("SELECT DISTINCT user FROM sync_entries LIMIT 2") { $0.text(0) }
        if let user = users.first, users.count == 1 { try store.setMeta("owner", user) }
    }

    /// Shows the records that have entries. One that can't be shown over its base is shown without it: the base comes
    /// back from the server. One that can't be shown at all loses its entries, which are counted as lost.
    private func restoreRecords() throws {
        var seen: Set<RecordKey> = []
        for entry in try store.outbox.storedEntries() {
            let key = RecordKey(entry.table, entry.record)
            guard seen.insert(key).inserted else { continue }
            if try attempt({ try store.lanes.rebuild(key, base: try store.documents.storedBase(key)) }) { continue }
            if try attempt({ try store.lanes.rebuild(key, base: nil) }) { continue }
            for table in ["sync_entries", "sync_bases"] {
                try db.perform(
                    "DELETE FROM \(table) WHERE collection = ? AND record = ?", .text(key.table), .text(key.id))
            }
            store.noteEntries()
        }
    }

    /// Takes a step in a savepoint. False when what it works on can't be restored: nothing of the step is left then.
    ///
    /// - Throws: what is not the salvaged row's fault, as a full or failing disk: the next opening tries again.
    private func attempt(_ step: () throws -> Void) throws -> Bool {
        let (touched, candidates) = (store.touched, store.candidates)
        do {
            try db.inSavepoint {
                try step()
                return .commit
            }
            return true
        } catch {
            if let error = error as? DatabaseError,
                ![.SQLITE_CONSTRAINT, .SQLITE_MISMATCH, .SQLITE_TOOBIG].contains(error.resultCode)
            {
                throw error
            }
            (store.touched, store.candidates) = (touched, candidates)
            store.forgetCollections()
            store.noteAliases()
            store.noteEntries()
            return false
        }
    }

    /// What can't be understood must not keep the rest from being used.
    private func dropUnreadable() throws {
        let texts = [
            ("sync_bases", "rowid", "document"), ("sync_tables", "collection", "facts"),
            ("sync_subscriptions", "number", "filter"), ("sync_reports", "number", "detail"),
        ]
        for (table, key, text) in texts {
            let name = table == "sync_bases" ? "record" : "''"
            let sql = "SELECT \(key), \(name), CAST(\(text) AS BLOB) FROM \(table)"
            for row in try Row.fetchAll(db, sql: sql) {
                let bytes = Data.fromDatabaseValue(row.databaseValues.last ?? .null) ?? Data()
                if let document = try? DocumentReader.object(Array(bytes)),
                    table != "sync_bases"
                        || Self.isBase(
                            document, of: String.fromDatabaseValue(row.databaseValues.dropFirst().first ?? .null))
                {
                    continue
                }
                try db.execute(
                    sql: "DELETE FROM \(table) WHERE \(key) = ?",
                    arguments: StatementArguments(row.databaseValues.prefix(1)))
            }
        }
        try dropUnreadableIndexes()
        for number in try db.all("SELECT number FROM sync_subscriptions", read: { $0.int(0) })
        where (try? store.subscriptions.subscription(number)) == nil {
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

    /// An index that can't be, or whose name isn't that of its fields, is forgotten: whoever wants it asks again.
    private func dropUnreadableIndexes() throws {
        let rows = try Row.fetchAll(
            db, sql: "SELECT collection, name, CAST(definition AS BLOB) AS definition FROM sync_indexes")
        for row in rows {
            let values = Array(row.databaseValues)
            let bytes = Data.fromDatabaseValue(values[2]) ?? Data()
            let fields = TableFacts.indexFields((try? DocumentReader.object(Array(bytes)))?["fields"]?.objectValue)
            if let fields, StoreIndex.flaw(in: fields) == nil,
                String.fromDatabaseValue(values[1]) == StoreIndex.definition(fields).name
            {
                continue
            }
            try db.execute(
                sql: "DELETE FROM sync_indexes WHERE collection = ? AND name = ?",
                arguments: StatementArguments(values.prefix(2)))
        }
    }

    /// Whether a document is the record's: with another id it would make two of one.
    private static func isBase(_ document: JSONObject, of record: String?) -> Bool {
        record.map { document[SystemField.id.rawValue]?.stringValue?.hasSameBytes(as: $0) == true } ?? false
    }

    /// A local id whose create could not be read will never get the server's: the record's other writes go, and what
    /// names it fails, or it would wait for ever. The key is forgotten: a copy that the server turns out to have may be
    /// all that is left of the record.
    private func giveUpLostCreates() throws {
        let lost = try db.all(
            """
            SELECT collection, local_id FROM sync_aliases AS alias WHERE state = 'pending' AND NOT EXISTS
            (SELECT 1 FROM sync_entries AS made
            WHERE made.collection = alias.collection AND made.record = ifnull(alias.file, alias.local_id) AND made.kind = 'create')
            ORDER BY number
            """
        ) { RecordKey($0.text(0), $0.text(1)) }
        for key in lost {
            let isGivenUp = try attempt {
                try store.rejecting.cancel(key)
                try db.perform("UPDATE sync_aliases SET client_key = NULL WHERE local_id = ?", .text(key.id))
            }
            if !isGivenUp {
                try db.perform(
                    "DELETE FROM sync_entries WHERE collection = ? AND record = ?", .text(key.table), .text(key.id))
                try db.perform("DELETE FROM sync_aliases WHERE local_id = ?", .text(key.id))
                store.noteAliases()
                store.noteEntries()
            }
        }
    }
}

extension StoreTransaction {
    /// What fills a new store with what was read of a damaged one.
    var restoring: Restoring { Restoring(store: self) }
}
