import BkendAccounts
import BkendServer
import BkendStorage
import Foundation
import GRDB
import Synchronization

/// A real database file, with the sessions that the server has.
final class TestDatabase: AccountsDatabase {
    let pool: DatabasePool
    /// Called in each transaction of a write once it has begun.
    let onWrite = Mutex<(@Sendable () -> Void)?>(nil)

    private let clock: TestClock

    init(in folder: TemporaryFolder, clock: TestClock) throws {
        self.clock = clock
        var configuration = Configuration()
        configuration.prepareDatabase { db in try db.execute(sql: "PRAGMA foreign_keys = ON") }
        pool = try DatabasePool(path: folder.path + "/env.sqlite", configuration: configuration)
        try pool.write { db in try AccountSchema.prepare(SQLiteSession(db, clock: { clock.now })) }
    }

    func read<Result: Sendable>(_ body: @escaping @Sendable (any SQLSession) throws -> Result) async throws -> Result {
        try await pool.read { [clock] db in try body(SQLiteSession(db, clock: { clock.now })) }
    }

    func write<Result: Sendable>(
        locking locks: Set<StorageLock>, _ body: @escaping @Sendable (any SQLTransaction) throws -> Result
    ) async throws -> Result {
        let onWrite = onWrite.withLock { $0 }
        return try await pool.write { [clock] db in
            onWrite?()
            return try body(SQLiteSession(db, clock: { clock.now }))
        }
    }

    /// Every value of the database as text and as hex, to look for what must not be in it.
    func dump() throws -> String {
        try pool.read { db in
            let tables = try String.fetchAll(db, sql: "SELECT name FROM sqlite_master WHERE type = 'table'")
            return try tables.map { table in
                try Row.fetchAll(db, sql: "SELECT * FROM \(table)").map { row in
                    row.databaseValues.map { value in
                        switch value.storage {
                        case .blob(let data): data.map { String(format: "%02x", $0) }.joined()
                        default: value.description
                        }
                    }.joined(separator: "|")
                }.joined(separator: "\n")
            }.joined(separator: "\n")
        }
    }
}

/// A folder that goes with the test.
final class TemporaryFolder: Sendable {
    let path: String

    init() throws {
        path = NSTemporaryDirectory() + "accounts-" + UUID().uuidString
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    func mode(of name: String) throws -> Int {
        let attributes = try FileManager.default.attributesOfItem(atPath: "\(path)/\(name)")
        return (attributes[.posixPermissions] as? NSNumber)?.intValue ?? -1
    }
}
