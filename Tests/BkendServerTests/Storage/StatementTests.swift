import BkendTesting
import GRDB
import Testing

@testable import BkendServer

/// Each statement of a store stands in its type, so that a storage can prepare them all.
@Suite struct StatementTests {
    @Test("Every statement of definitions and of the log of changes can be prepared")
    func tables() throws {
        try DynamicTableTests.withStore { store, _ in
            try store.engine.readNow { session in
                let db = try #require(session as? SQLiteStorageSession).db
                for sql in TableSQL.all + ChangeLogSQL.all { _ = try db.makeStatement(sql: sql) }
            }
        }
    }

    @Test("Every statement of files can be prepared")
    func files() throws {
        try DynamicTableTests.withStore { store, _ in
            try store.engine.prepareFiles()
            try store.engine.readNow { session in
                let db = try #require(session as? SQLiteStorageSession).db
                for sql in FileSQL.all { _ = try db.makeStatement(sql: sql) }
            }
        }
    }

    @Test("Every statement of projects, environments and keys can be prepared")
    func control() throws {
        let queue = try DatabaseQueue()
        try queue.write { db in
            try SQLiteControl.format.migrate(db, path: ":memory:")
            for sql in ControlSQL.all { _ = try db.makeStatement(sql: sql) }
        }
    }
}
