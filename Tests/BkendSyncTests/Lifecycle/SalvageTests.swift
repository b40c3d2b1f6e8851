import BkendDocuments
import BkendWire
import Foundation
import GRDB
import Testing

@testable import BkendSync

@Suite("A damaged store")
struct SalvageTests {
    func withFolder(_ body: (String) throws -> Void) throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("salvage-\(UUID().uuidString)")
        try FileManager.default.createDirectory(atPath: folder.path, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        try body(folder.appendingPathComponent("notes.sqlite").path)
    }

    func open(_ path: String) throws -> StoreDatabase {
        try StoreDatabase.open(path: path, owner: "u1", environment: .ticking())
    }

    /// A closed store with three entries.
    func prepare(_ path: String) throws {
        let store = try open(path)
        try store.write { tx in
            _ = try tx.receiving.receive([Array(#"{"id":"s1","title":"S"}"#.utf8)], table: "notes")
            let a = try tx.writes.create("notes", ["title": "A"])
            _ = try tx.writes.create("notes", ["parent": .string(a)])
            try tx.writes.update("notes", "s1", set: ["title": "mine"])
        }
    }

    /// Changes a closed store's file behind its back, and marks it as damaged.
    func spoil(_ path: String, _ change: (Database) throws -> Void) throws {
        let queue = try DatabaseQueue(path: path)
        try queue.write(change)
        try queue.close()
        DamageMark.note("quick_check", beside: path)
    }

    private func move(_ suffix: String, of path: String) throws {
        try FileManager.default.moveItem(atPath: path + suffix, toPath: path + ".damaged-1" + suffix)
    }

    @Test("Indexes are made anew; one that can't be understood is forgotten")
    func indexes() throws {
        try withFolder { path throws in
            try prepare(path)
            do {
                let store = try open(path)
                try store.write {
                    try $0.indexes.keep([.init("title")], of: "notes")
                    try $0.indexes.keep([.init("parent")], of: "notes")
                }
                while try store.write({ try $0.indexes.fill() }) {}
            }
            try spoil(path) { db in
                try db.execute(sql: "UPDATE sync_indexes SET definition = 'x' WHERE name = 'parent_1'")
            }
            let store = try open(path)
            #expect(store.damage?.savedEntries == 3)
            #expect(try store.read { try $0.indexes.all().map(\.fields) } == [[.init("title")]])
            let query = Query(filter: .condition(Condition("title", .equals("A"))))
            #expect(try store.read { try $0.documents.explain(query, in: "notes")?.index } == "title_1")
            #expect(try StoreAudit.faults(store).isEmpty)
        }
    }

    /// Where a kill may come while a store is set aside and its outbox carried over.
    enum Kill: String, CaseIterable, Sendable {
        case beforeMoving, amidMoving, afterMoving, beforeMaking, amidMaking, beforeRestoring
    }

    @Test(
        "A kill while a damaged store is set aside leaves work that the next opening takes up", arguments: Kill.allCases
    )
    func killed(at kill: Kill) throws {
        try withFolder { path throws in
            try prepare(path)
            var mark = DamageMark(reason: "quick_check", number: 1)
            try mark.write(beside: path)
            if kill != .beforeMoving { try move("", of: path) }
            if kill != .beforeMoving && kill != .amidMoving { try move("-wal", of: path) }
            if [.beforeMaking, .amidMaking, .beforeRestoring].contains(kill) {
                mark.isMoved = true
                try mark.write(beside: path)
            }
            if kill == .amidMaking { try Data("SQLite format 3".utf8).write(to: URL(fileURLWithPath: path)) }
            if kill == .beforeRestoring {
                try withFolder { other throws in
                    _ = try open(other).read { try $0.owner }
                    try FileManager.default.copyItem(atPath: other, toPath: path)
                }
            }
            let store = try open(path)
            #expect(store.damage?.savedEntries == 3)
            #expect(store.damage?.lostEntries == 0)
            #expect(store.damage?.reason == "quick_check")
            #expect(try store.read { try $0.outbox.entryCount() } == 3)
            #expect(try store.read { try $0.documents.document("notes", "s1")?.json["title"] } == "mine")
            #expect(FileManager.default.fileExists(atPath: path + ".damaged-1"))
            #expect(!FileManager.default.fileExists(atPath: path + ".damaged-2"))
            #expect(!FileManager.default.fileExists(atPath: path + ".damaged"))
        }
    }

    @Test("A kill after the outbox was carried over doesn't carry it over again")
    func killedAfterRestoring() throws {
        try withFolder { path throws in
            try prepare(path)
            try DamageMark(reason: "quick_check").write(beside: path)
            _ = try open(path).write { try $0.writes.create("notes", ["title": "later"]) }
            try DamageMark(reason: "quick_check", number: 1, isMoved: true).write(beside: path)
            let store = try open(path)
            #expect(try store.read { try $0.outbox.entryCount() } == 4)
            #expect(store.damage?.savedEntries == 3)
        }
    }

    @Test("A store that another process has open is not set aside; the error says what to do")
    func inUse() throws {
        try withFolder { path throws in
            try prepare(path)
            DamageMark.note("quick_check", beside: path)
            // A lock of another descriptor is like another process's.
            let other = Foundation.open(path + ".open", O_RDWR | O_CLOEXEC)
            #expect(flock(other, LOCK_SH) == 0)
            #expect(refusal { _ = try open(path) } == .damagedWhileInUse)
            #expect(FileManager.default.fileExists(atPath: path + ".damaged"))
            #expect(!FileManager.default.fileExists(atPath: path + ".damaged-1"))
            #expect(StoreError(.damagedWhileInUse).description.contains("close the other processes"))
            close(other)
            #expect(try open(path).damage?.savedEntries == 3)
        }
    }

    @Test(
        "A name that was damaged in the schema is damage like any other",
        arguments: [("bkend_collections", "search"), ("sync_meta", "value"), ("sync_reports", "detail")])
    func schema(_ table: String, _ column: String) throws {
        try withFolder { path throws in
            try prepare(path)
            let queue = try DatabaseQueue(path: path)
            try queue.writeWithoutTransaction { db in
                try db.execute(sql: "PRAGMA writable_schema = ON")
                try db.execute(
                    sql: "UPDATE sqlite_schema SET sql = replace(sql, ?, 'x' || ?) WHERE name = ?",
                    arguments: [column, column.dropFirst().description, table])
            }
            try queue.close()
            var damage: StoreDamage?
            do {
                let store = try open(path)
                damage = store.damage
                // Only a look at it shows what is wrong with the last one.
                _ = try? store.read { try $0.reports.all() }
            }
            let store = try open(path)
            damage = damage ?? store.damage
            #expect(damage?.savedEntries == 3)
            #expect(damage?.lostEntries == 0)
            #expect(try StoreAudit.faults(store) == [])
        }
    }

    @Test("A check that still runs when the store is closed doesn't pass for another process")
    func checkUnderWay() throws {
        try withFolder { path throws in
            try withFolder { original throws in
                let store = try open(original)
                _ = try store.write { try $0.writes.create("notes", ["title": "A"]) }
                // Enough that the check takes its time.
                try store.writer.write { db in
                    try db.execute(
                        sql: """
                            CREATE TABLE filler (a, b);
                            CREATE INDEX filler_index ON filler (b);
                            WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 200000)
                            INSERT INTO filler SELECT i, hex(i * 7919 % 200000) FROM n;
                            """)
                }
                // What a killed process leaves.
                for suffix in ["", "-wal", ".open"] {
                    try FileManager.default.copyItem(atPath: original + suffix, toPath: path + suffix)
                }
            }
            #expect(try open(path).health == .checking)
            DamageMark.note("quick_check", beside: path)
            #expect(try open(path).damage?.savedEntries == 1)
        }
    }

    @Test(
        "Damage that a read or a write meets marks the store, so that the next opening salvages",
        arguments: [false, true])
    func met(byWrite: Bool) throws {
        try withFolder { path throws in
            try prepare(path)
            try zeroRoot(of: "sync_reports", in: path)
            var store: StoreDatabase? = try open(path)
            #expect(store?.damage == nil)
            #expect(throws: DatabaseError.self) {
                if byWrite {
                    _ = try store?.write { try $0.reports.add("race", "notes", "s1") }
                } else {
                    _ = try store?.read { try $0.reports.all() }
                }
            }
            guard case .damaged? = store?.health else {
                Issue.record("the store's health is \(String(describing: store?.health))")
                return
            }
            store = nil
            #expect(try open(path).damage?.savedEntries == 3)
        }
    }

    /// Overwrites a table's first page with zeros.
    private func zeroRoot(of table: String, in path: String) throws {
        let queue = try DatabaseQueue(path: path)
        let (page, size) = try queue.writeWithoutTransaction { db in
            _ = try db.checkpoint(.truncate)
            let page = try Int.fetchOne(
                db, sql: "SELECT rootpage FROM sqlite_schema WHERE name = ?", arguments: [table])
            return (try #require(page), try #require(try Int.fetchOne(db, sql: "PRAGMA page_size")))
        }
        try queue.close()
        let file = try FileHandle(forUpdating: URL(fileURLWithPath: path))
        try file.seek(toOffset: UInt64((page - 1) * size))
        try file.write(contentsOf: Data(repeating: 0, count: size))
        try file.close()
    }

    @Test("A log that was taken away is told, unless the store was closed with everything in its database")
    func missingLog() throws {
        try withFolder { path throws in
            try prepare(path)
            #expect(try FileManager.default.attributesOfItem(atPath: path + "-wal")[.size] != nil)
            try FileManager.default.removeItem(atPath: path + "-wal")
            var store: StoreDatabase? = try open(path)
            #expect(store?.damage == nil)
            #expect(try store?.read { try $0.outbox.entryCount() } == 3)
            _ = try store?.write { try $0.writes.create("notes", ["title": "in the log"]) }
            try withFolder { copy throws in
                // What a killed process leaves, without its log.
                for suffix in ["", ".open"] {
                    try FileManager.default.copyItem(atPath: path + suffix, toPath: copy + suffix)
                }
                #expect(try open(copy).damage?.isLogMissing == true)
                #expect(try open(copy).read { try $0.outbox.entryCount() } == 3)
                #expect(try open(copy).damage == nil)
            }
            store = nil
        }
    }

    @Test("A store with another application's mark is a damaged store, since its tables are a store's")
    func mark() throws {
        try withFolder { path throws in
            try prepare(path)
            let file = try FileHandle(forUpdating: URL(fileURLWithPath: path))
            try file.seek(toOffset: 68)
            try file.write(contentsOf: Data([0x62, 0x6B, 0x73, 0x78]))
            try file.close()
            try? FileManager.default.removeItem(atPath: path + "-wal")
            let store = try open(path)
            #expect(store.damage?.savedEntries == 3)
        }
    }
}
