import Foundation
import GRDB
import Testing

@testable import BkendDocuments

@Suite struct LogTests {
    private func withDatabase(_ body: (DatabasePool, String) throws -> Void) throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("bkend-\(UUID())").path
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let path = folder + "/db"
        let pool = try DocumentStorage.open(path: path)
        try body(pool, path)
        try? pool.close()
    }

    private func contents(_ path: String) throws -> [Data] {
        try ["", "-wal"].map { try Data(contentsOf: URL(fileURLWithPath: path + $0)) }
    }

    private func pragma(_ name: String, _ pool: DatabasePool) throws -> Int? {
        try pool.writeWithoutTransaction { db in try Int.fetchOne(db, sql: "PRAGMA \(name)") }
    }

    @Test("Opening a sound database writes nothing")
    func openingSoundDatabase() throws {
        try withDatabase { pool, path in
            try pool.write { db in
                var things = try BkendDocuments.Collection.create("things", in: db)
                try things.enableSearch(in: db)
                try things.insert(["id": "a"], in: db)
            }
            try pool.close()
            let before = try contents(path)
            let again = try DocumentStorage.open(path: path)
            #expect(try contents(path) == before)
            #expect(try again.read { db in try BkendDocuments.Collection.named("things", in: db)?.total(in: db) } == 1)
            try again.close()
            #expect(try contents(path) == before)
        }
    }

    @Test("A mark or a search index that is not as it should be is set when a database is opened")
    func markOrSearch() throws {
        try withDatabase { pool, path in
            try pool.write { db in
                var things = try BkendDocuments.Collection.create("things", in: db)
                try things.enableSearch(in: db)
            }
            try pool.writeWithoutTransaction { db in
                try db.execute(sql: "UPDATE bkend_collections SET search = 999")
            }
            try pool.close()
            let again = try DocumentStorage.open(path: path)
            #expect(
                try again.read { db in try Int.fetchOne(db, sql: "SELECT sum(search) FROM bkend_collections") } == 0)
            try again.close()
        }
    }

    @Test("The log is begun anew once no read is in it, and its file shrinks then")
    func logBegunAnew() throws {
        try withDatabase { pool, path in
            try pool.writeWithoutTransaction { db in
                try db.execute(sql: "CREATE TABLE t (a)")
                try db.execute(sql: "PRAGMA journal_size_limit = 100000")
            }
            let grow = {
                try pool.writeWithoutTransaction { db in
                    try db.execute(sql: "INSERT INTO t VALUES (randomblob(1000000))")
                }
            }
            func begin() throws -> Bool {
                try pool.writeWithoutTransaction { db in try db.beginLogAnew(patience: .milliseconds(1)) }
            }
            try grow()
            // A read that stays in the log keeps it: what comes after it must stay there.
            let snapshot = try pool.makeSnapshot()
            try snapshot.read { db in _ = try Int.fetchOne(db, sql: "SELECT count(*) FROM t") }
            try grow()
            #expect(try begin() == false)
            try snapshot.close()
            #expect(try begin())
            let full = DocumentStorage.logBytes(ofDatabase: path)
            #expect(full > 1_000_000)
            try pool.writeWithoutTransaction { db in try db.execute(sql: "INSERT INTO t VALUES (1)") }
            #expect((1...100_000).contains(DocumentStorage.logBytes(ofDatabase: path)))
            #expect(try pragma("busy_timeout", pool) == 10_000)
        }
    }

    @Test("Every database is opened with a bound on what its log keeps")
    func everyDatabaseOpened() throws {
        try withDatabase { pool, _ in
            let bound = try pragma("journal_size_limit", pool)
            #expect(bound == StorageOptions.logKept)
        }
    }
}
