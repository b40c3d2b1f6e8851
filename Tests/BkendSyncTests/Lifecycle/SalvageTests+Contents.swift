import BkendDocuments
import BkendWire
import Foundation
import GRDB
import Testing

@testable import BkendSync

// What a damaged store holds, and what becomes of it.
extension SalvageTests {
    @Test("A name in a damaged file is never part of a statement")
    func names() throws {
        try withFolder { path throws in
            try prepare(path)
            try spoil(path) { try $0.execute(sql: #"ALTER TABLE sync_entries ADD COLUMN "x) SELECT 1; --" TEXT"#) }
            let store = try open(path)
            #expect(store.damage?.savedEntries == 3)
            #expect(store.damage?.lostEntries == 0)
        }
    }

    @Test("Rows that can't be understood don't keep the outbox from being saved")
    func nonsense() throws {
        try withFolder { path throws in
            try prepare(path)
            try spoil(path) { db in
                try db.execute(
                    sql: """
                        UPDATE sync_aliases SET state = 'pend1ng' WHERE number = 1;
                        UPDATE sync_bases SET document = '{"id":';
                        INSERT INTO sync_tables VALUES ('notes', 'no json');
                        INSERT INTO sync_subscriptions (collection, filter) VALUES ('notes', '[');
                        INSERT INTO sync_reports (kind, collection, record, detail) VALUES ('race', 'notes', 's1', '');
                        """)
            }
            let store = try open(path)
            #expect(store.damage?.savedEntries == 3)
            let entries = try store.read { try $0.outbox.entries() }
            let first = try #require(entries.first)
            let row: JSONObject = ["id": "n1", "title": "A"]
            try store.write { _ = try $0.adopting.adopt(first.sequence, row: row.serialized()) }
            #expect(try store.read { try $0.outbox.entries().map(\.fields["parent"]) }.contains("n1"))
            #expect(try store.read { try $0.reports.all() } == [])
        }
    }

    @Test("A state that earlier formats stored is derived after a salvage, too")
    func formerlyStored() throws {
        try withFolder { path throws in
            try prepare(path)
            try spoil(path) { db in
                try db.execute(
                    sql: """
                        UPDATE sync_entries SET state = 'failed' WHERE sequence = 1;
                        UPDATE sync_entries SET state = 'blocked' WHERE sequence > 1;
                        UPDATE sync_meta SET value = '3' WHERE key = 'format';
                        """)
            }
            let store = try open(path)
            #expect(store.damage?.savedEntries == 3)
            #expect(try store.read { try $0.outbox.entries().map(\.state) } == [.failed, .blocked, .queued])
            #expect(try StoreAudit.faults(store) == [])
        }
    }

    @Test("What can't be restored is dropped and counted, and keeps no opening from working")
    func unrestorable() throws {
        try withFolder { path throws in
            try prepare(path)
            try spoil(path) { db in
                try db.execute(
                    sql: """
                        UPDATE sync_bases SET document = '{"id":"other","title":"S"}';
                        DELETE FROM sync_meta WHERE key = 'owner';
                        INSERT INTO sync_bases VALUES ('notes', 'gone', '{"id":"gone","title":"G"}');
                        """)
                let names = [("", "r1"), ("a b", "r2"), (String(repeating: "x", count: 300), "r3"), ("notes", "")]
                for (table, record) in names {
                    for kind in ["create", "update"] {
                        try db.execute(
                            sql: """
                                INSERT INTO sync_entries
                                (user, collection, record, kind, fields, before, state, made_at, changed_at)
                                VALUES ('u1', ?, ?, ?, '{"title":"?"}', '{}', 'queued', 1, 1)
                                """, arguments: [table, record, kind])
                    }
                }
            }
            let store = try open(path)
            #expect(store.damage?.savedEntries == 3)
            #expect(store.damage?.lostEntries == 8)
            #expect(try store.read { try $0.owner } == "u1")
            #expect(try store.read { try $0.outbox.entries().map(\.kind) } == [.create, .create, .update])
            #expect(try StoreAudit.faults(store) == [])
            // The server's copy completes what waits.
            try store.write {
                _ = try $0.receiving.receive([Array(#"{"id":"s1","title":"S","n":1}"#.utf8)], table: "notes")
            }
            #expect(try store.read { try $0.documents.document("notes", "s1")?.json["title"] } == "mine")
        }
    }

    @Test("A full disk while the outbox is carried over drops nothing: the next opening tries again")
    func fullWhileRestoring() throws {
        try withFolder { path throws in
            try prepare(path)
            let rows = SalvagedRows(from: path)
            let queue = try DocumentStorage.inMemory()
            let store = try StoreDatabase(over: queue, environment: .ticking())
            try queue.writeWithoutTransaction { db in
                let pages = try Int.fetchOne(db, sql: "PRAGMA page_count") ?? 0
                try db.execute(sql: "PRAGMA max_page_count = \(pages)")
            }
            do {
                _ = try store.write { try $0.restoring.restore(rows) }
                Issue.record("restored on a full disk")
            } catch let error as DatabaseError {
                #expect(error.resultCode == .SQLITE_FULL)
            }
            try queue.writeWithoutTransaction { try $0.execute(sql: "PRAGMA max_page_count = 100000") }
            #expect(try store.write { try $0.restoring.restore(rows) } == 3)
        }
    }
}
