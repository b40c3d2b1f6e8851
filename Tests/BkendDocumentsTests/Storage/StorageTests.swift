import BkendWire
import CSQLite
import Foundation
import GRDB
import Testing

@testable import BkendDocuments

@Suite struct StorageTests {
    private func withFolder(_ body: (String) throws -> Void) throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("bkend-\(UUID())").path
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        try body(folder)
    }

    private func mode(_ path: String) throws -> Int? {
        try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int
    }

    @Test("A database is opened with every safety setting")
    func databaseOpenedEvery() throws {
        try withFolder { folder in
            let pool = try DocumentStorage.open(path: folder + "/db")
            func check(_ db: Database) throws {
                func pragma(_ name: String) throws -> Int? { try Int.fetchOne(db, sql: "PRAGMA \(name)") }
                #expect(try String.fetchOne(db, sql: "PRAGMA journal_mode") == "wal")
                #expect(try pragma("foreign_keys") == 1)
                #expect(try pragma("trusted_schema") == 0)
                #expect(try pragma("cell_size_check") == 1)
                #expect(try pragma("mmap_size") ?? 0 == 0)
                #expect(try pragma("busy_timeout") ?? 0 >= 5_000)
                #expect(try pragma("application_id") == 0x626B_6E64)
                for setting in [SQLITE_DBCONFIG_DEFENSIVE, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE] {
                    var value: Int32 = 0
                    #expect(bkend_db_config(db.sqliteConnection, setting, -1, &value) == SQLITE_OK && value == 1)
                }
            }
            try pool.writeWithoutTransaction { db in
                try check(db)
                #expect(try Int.fetchOne(db, sql: "PRAGMA synchronous") == 2)
            }
            try pool.read { try check($0) }
            for suffix in ["", "-wal", "-shm"] { #expect(try mode(folder + "/db" + suffix) == 0o600) }
            try pool.close()
        }
    }

    @Test("Documents, indexes and arrays noted in them survive closing and an unclean stop")
    func documentsIndexesArrays() throws {
        try withFolder { folder in
            let pool = try DocumentStorage.open(path: folder + "/db")
            try pool.write { db in
                var things = try BkendDocuments.Collection.create("things", in: db)
                try things.createIndex(IndexDefinition(name: "tags", fields: [.init("tags")]), in: db)
                try things.insert(["id": "a", "tags": [1, 2]], in: db)
            }
            // What a power cut leaves: the files as they are while the pool is open.
            let copy = folder + "/copy"
            for suffix in ["", "-wal"] {
                try FileManager.default.copyItem(atPath: folder + "/db" + suffix, toPath: copy + suffix)
            }
            try pool.close()
            for path in [folder + "/db", copy] {
                let reopened = try DocumentStorage.open(path: path)
                try reopened.read { db in
                    let things = try #require(try BkendDocuments.Collection.named("things", in: db))
                    #expect(things.indexes.map(\.name) == ["tags"])
                    #expect(try things.ids(field("tags", .greater(0)), in: db) == ["a"])
                    #expect(try String.fetchOne(db, sql: "PRAGMA integrity_check") == "ok")
                }
                try reopened.close()
            }
        }
    }

    @Test("A file that is not ours is refused and left as it was")
    func fileNotOurs() throws {
        try withFolder { folder in
            let foreign = folder + "/foreign"
            try DatabaseQueue(path: foreign).write { try $0.execute(sql: "CREATE TABLE t (x)") }
            let before = try Data(contentsOf: URL(fileURLWithPath: foreign))
            #expect(throws: StorageError(path: foreign, reason: .foreign(applicationID: 0))) {
                try DocumentStorage.open(path: foreign)
            }
            #expect(try Data(contentsOf: URL(fileURLWithPath: foreign)) == before)
            try Data("no database".utf8).write(to: URL(fileURLWithPath: folder + "/text"))
            #expect(throws: DatabaseError.self) { try DocumentStorage.open(path: folder + "/text") }
            try FileManager.default.createSymbolicLink(atPath: folder + "/link", withDestinationPath: foreign)
            #expect(throws: StorageError.self) { try DocumentStorage.open(path: folder + "/link") }
            #expect(throws: StorageError.self) { try DocumentStorage.open(path: folder) }
            #expect(throws: StorageError.self) { try DocumentStorage.open(path: folder + "/none/db") }
        }
    }

    @Test("A link is never followed, not even to a database of ours")
    func linkNeverFollowed() throws {
        try withFolder { folder in
            try DocumentStorage.open(path: folder + "/ours").close()
            try FileManager.default.createSymbolicLink(
                atPath: folder + "/link", withDestinationPath: folder + "/ours")
            #expect(throws: StorageError(path: folder + "/link", reason: .cannotOpen(errno: ELOOP))) {
                try DocumentStorage.open(path: folder + "/link")
            }
            try FileManager.default.createSymbolicLink(
                atPath: folder + "/dangling", withDestinationPath: folder + "/elsewhere")
            #expect(throws: StorageError(path: folder + "/dangling", reason: .cannotOpen(errno: ELOOP))) {
                try DocumentStorage.open(path: folder + "/dangling")
            }
            #expect(!FileManager.default.fileExists(atPath: folder + "/elsewhere"))
            try FileManager.default.createSymbolicLink(
                atPath: folder + "/db.lock", withDestinationPath: folder + "/elsewhere")
            #expect(throws: StorageError(path: folder + "/db.lock", reason: .cannotOpen(errno: ELOOP))) {
                try FileLock(database: folder + "/db").withLock {}
            }
            #expect(!FileManager.default.fileExists(atPath: folder + "/elsewhere"))
        }
    }

    @Test("A database that others may read is taken from them")
    func databaseOthersMay() throws {
        try withFolder { folder in
            try DocumentStorage.open(path: folder + "/db").close()
            chmod(folder + "/db", 0o644)
            let pool = try DocumentStorage.open(path: folder + "/db")
            #expect(try mode(folder + "/db") == 0o600)
            try pool.close()
        }
    }

    @Test("A file with another application's mark is refused, though it is empty otherwise")
    func fileAnotherApplications() throws {
        try withFolder { folder in
            let path = folder + "/marked"
            let other = try DatabaseQueue(path: path)
            try other.writeWithoutTransaction { try $0.execute(sql: "PRAGMA application_id = 77") }
            try other.close()
            #expect(throws: StorageError(path: path, reason: .foreign(applicationID: 77))) {
                try DocumentStorage.open(path: path)
            }
        }
    }

    @Test("No option makes a statement wait for less than five seconds")
    func noOptionMakes() throws {
        try withFolder { folder in
            var options = StorageOptions()
            options.busyTimeout = .milliseconds(1)
            let pool = try DocumentStorage.open(path: folder + "/db", options: options)
            // GRDB gives readers a patience of their own.
            let patience = try pool.writeWithoutTransaction { try Int.fetchOne($0, sql: "PRAGMA busy_timeout") }
            #expect(patience == 5_000)
            try pool.close()
        }
    }

    @Test("A file of another format is refused with its number and left as it was", arguments: [1, 99])
    func fileAnotherFormat(format: Int)
        throws
    {
        try withFolder { folder in
            let path = folder + "/db"
            let pool = try DocumentStorage.open(path: path)
            try pool.write { try $0.execute(sql: "UPDATE bkend_format SET version = ?", arguments: [format]) }
            try pool.close()
            let reason: StorageError.Reason = format == 1 ? .olderFormat(1) : .newerFormat(99)
            let error = try #require(throws: StorageError.self) { try DocumentStorage.open(path: path) }
            #expect(error == StorageError(path: path, reason: reason) && error.description.contains("format \(format)"))
        }
    }

    @Test("The functions can't be called from SQL text or from the schema")
    func functionsCantCalled() throws {
        try DocumentStorage.inMemory().write { db in
            #expect(throws: DatabaseError.self) { try Int.fetchOne(db, sql: "SELECT bkend_match(x'00', '{}')") }
            #expect(throws: DatabaseError.self) { try Int.fetchOne(db, sql: "SELECT bkend_order(1, '{}')") }
            try db.execute(sql: "CREATE VIEW v AS SELECT bkend_order(NULL, '{}')")
            #expect(throws: DatabaseError.self) { try Row.fetchOne(db, sql: "SELECT * FROM v") }
        }
    }

    @Test("Documents and the caller's tables change in one transaction")
    func documentsCallersTables() throws {
        let queue = try DocumentStorage.inMemory()
        struct Stop: Error {}
        try queue.write { db in
            try db.execute(sql: "CREATE TABLE own (x)")
            _ = try BkendDocuments.Collection.create("things", in: db)
        }
        #expect(throws: Stop.self) {
            try queue.write { db in
                let things = try #require(try BkendDocuments.Collection.named("things", in: db))
                try things.insert(["id": "a"], in: db)
                try db.execute(sql: "INSERT INTO own VALUES (1)")
                throw Stop()
            }
        }
        try queue.read { db throws in
            #expect(try BkendDocuments.Collection.named("things", in: db)?.count(in: db) == 0)
            #expect(try Int.fetchOne(db, sql: "SELECT count(*) FROM own") == 0)
        }
    }
}
