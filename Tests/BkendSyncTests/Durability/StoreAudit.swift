import BkendDocuments
import BkendWire
import GRDB

@testable import BkendSync

/// What must hold of a whole store, recomputed from its rows.
enum StoreAudit {
    /// Everything that is wrong, in words; empty when all is well.
    static func faults(_ store: StoreDatabase) throws -> [String] {
        try store.read { snapshot in
            let db = snapshot.db
            var faults = try String.fetchAll(db, sql: "PRAGMA integrity_check").filter { $0 != "ok" }
            faults += try Row.fetchAll(db, sql: "PRAGMA foreign_key_check").map { "foreign key: \($0)" }
            for table in try snapshot.tables {
                faults += try counts(table, snapshot)
                try snapshot.collection(table)?.check(in: db, finding: { faults.append("\($0)") }, visit: { _, _ in })
            }
            for row in try Row.fetchAll(db, sql: "SELECT DISTINCT collection, record FROM sync_entries") {
                faults += try visible(RecordKey(row[0], row[1]), snapshot)
            }
            return faults + (try references(db))
        }
    }

    /// Every row of every table of the store's own and of its documents: one text a row. Random numbers that only tell
    /// versions apart are left out.
    static func contents(_ store: StoreDatabase) throws -> Set<String> {
        try store.read { snapshot in
            let db = snapshot.db
            var rows: Set<String> = []
            let names = try String.fetchAll(
                db, sql: "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite%'")
            for name in names {
                for row in try Row.fetchAll(db, sql: "SELECT * FROM \(name)") {
                    let values = row.filter { $0.0 != "generation" }.map { "\($0.0) \($0.1)" }
                    rows.insert(name + ": " + values.joined(separator: ", "))
                }
            }
            return rows
        }
    }

    /// visible = base + live entries in order.
    private static func visible(_ key: RecordKey, _ snapshot: StoreSnapshot) throws -> [String] {
        let base = try snapshot.documents.storedBase(key).map { try DocumentText(bytes: $0).json }
        let lane = try snapshot.outbox.lane(key)
        // A failed update alone leaves no base: what is visible is it.
        if !lane.contains(where: \.isLive) { return base == nil ? [] : ["\(key.id): a base without live entries"] }
        let expected = Replay.visible(base, lane)
        let found = try snapshot.documents.document(key.table, key.id)?.json
        // As the protocol compares documents: the order of members says nothing.
        let isSame = found.map { found in expected.map { found.says(sameAs: $0) } ?? false } ?? (expected == nil)
        return isSame ? [] : ["\(key.id) shows \(found?.description ?? "-") and not \(expected?.description ?? "-")"]
    }

    private static func counts(_ table: String, _ snapshot: StoreSnapshot) throws -> [String] {
        let all = Query(sort: [.init("id")], page: .init(1, limit: .max))
        let newest = Query(sort: [.init("createdAt")], page: .init(1, limit: .max))
        let byID = try snapshot.documents.find(all, in: table).count
        let byIndex = try snapshot.documents.find(newest, in: table).count
        let counted = try snapshot.documents.count(in: table)
        return byID == counted && byIndex == counted ? [] : ["\(table): \(byID), \(byIndex) and \(counted) documents"]
    }

    private static func references(_ db: Database) throws -> [String] {
        let rules = [
            "an edge names no local id":
                "SELECT local_id FROM sync_edges WHERE local_id NOT IN (SELECT local_id FROM sync_aliases)",
            "a pending local id has no create":
                """
            SELECT local_id FROM sync_aliases WHERE state = 'pending' AND ifnull(file, local_id) NOT IN
            (SELECT record FROM sync_entries WHERE kind = 'create')
            """,
            "a base belongs to no entry":
                """
            SELECT record FROM sync_bases AS base WHERE NOT EXISTS
            (SELECT 1 FROM sync_entries AS e WHERE e.collection = base.collection AND e.record = base.record)
            """,
            "a state is stored that is derived": "SELECT sequence FROM sync_entries WHERE state = 'blocked'",
            "a count is wrong":
                """
            SELECT collection || ' ' || state FROM
            (SELECT collection, state, entries FROM sync_counts WHERE entries <> 0
            UNION ALL SELECT collection, state, -count(*) FROM sync_entries GROUP BY collection, state)
            GROUP BY collection, state HAVING sum(entries) <> 0
            """,
            "a sum of files' bytes is wrong":
                """
            SELECT state || ' ' || sum(bytes) FROM
            (SELECT state, bytes FROM sync_file_sizes
            UNION ALL SELECT 'waiting', -size FROM sync_files WHERE upload IS NOT NULL
            UNION ALL SELECT 'kept', -size FROM sync_files WHERE upload IS NULL AND kept
            UNION ALL SELECT 'cached', -size FROM sync_files WHERE upload IS NULL AND NOT kept)
            GROUP BY state HAVING sum(bytes) <> 0
            """,
        ]
        return try rules.sorted { $0.key < $1.key }.flatMap { rule, sql in
            try String.fetchAll(db, sql: sql).map { "\(rule): \($0)" }
        }
    }
}
