#if Server
import BkendDocuments
import BkendWire
import CSQLite
import GRDB

/// Projects, environments and keys of a data folder.
package final class ControlStore: Sendable {
    let pool: DatabasePool
    let path: String
    private let lock: FileLock

    private static let format = DatabaseFormat(version: 1)

    /// Opens the database.
    ///
    /// - Throws: `OperatorError` when it isn't ours, or of a newer format.
    init(at path: String) throws {
        self.path = path
        let lock = FileLock(database: path)
        self.lock = lock
        do {
            pool = try lock.withLock { try DatabasePool(path: path, configuration: Self.configuration) }
            // GRDB sets NORMAL when it turns on the write-ahead log.
            try pool.writeWithoutTransaction { try $0.execute(sql: "PRAGMA synchronous = FULL") }
            try pool.read { try Self.format.prepare($0, path: path) { _ in throw Self.empty(path) } }
        } catch let error as DatabaseError {
            throw OperatorError("\(path) can't be opened: \(error.message ?? "SQLite error \(error.resultCode)")")
        }
    }

    private static func empty(_ path: String) -> OperatorError {
        OperatorError("\(path) is empty; restore it from a backup, or make a new folder with: bkend-server init")
    }

    private static var configuration: Configuration {
        var configuration = Configuration()
        configuration.busyMode = .timeout(10)
        configuration.maximumReaderCount = 2
        configuration.label = "control"
        configuration.prepareDatabase { db in
            // A checkpoint on closing would run outside the lock.
            var now: Int32 = 0
            _ = bkend_db_config(db.sqliteConnection, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, &now)
        }
        return configuration
    }

    /// Makes the database of a new folder with its first project, environment and keys.
    static func create(at path: String, name: EnvironmentName, now: Timestamp) throws -> DataFolder.Created {
        try PrivateFile.make(path)
        let queue = try DatabaseQueue(path: path, configuration: configuration)
        defer { try? queue.close() }
        return try queue.write { db in
            try format.prepare(db, path: path, create: makeTables)
            return try addEnvironment(name, now: now, in: db)
        }
    }

    private static func makeTables(_ db: Database) throws {
        try db.execute(
            sql: """
                CREATE TABLE projects (
                    id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, createdAt TEXT NOT NULL) STRICT;
                CREATE TABLE environments (
                    id INTEGER PRIMARY KEY, project INTEGER NOT NULL REFERENCES projects (id), name TEXT NOT NULL,
                    createdAt TEXT NOT NULL, UNIQUE (project, name)) STRICT;
                CREATE TABLE keys (
                    id INTEGER PRIMARY KEY, environment INTEGER NOT NULL REFERENCES environments (id),
                    kind TEXT NOT NULL CHECK (kind IN ('publishable', 'secret')), digest BLOB NOT NULL UNIQUE,
                    readable TEXT, scopes TEXT, createdAt TEXT NOT NULL, expiresAt TEXT, revokedAt TEXT,
                    CHECK (kind = 'publishable' OR readable IS NULL)) STRICT;
                """)
    }

    private static func addEnvironment(_ name: EnvironmentName, now: Timestamp, in db: Database) throws
        -> DataFolder.Created
    {
        let date = now.description
        try db.execute(sql: "INSERT INTO projects (name, createdAt) VALUES (?, ?)", arguments: [name.project, date])
        try db.execute(
            sql: "INSERT INTO environments (project, name, createdAt) VALUES (?, ?, ?)",
            arguments: [db.lastInsertedRowID, name.environment, date])
        let environment = db.lastInsertedRowID
        var random = SystemRandomNumberGenerator()
        let keys = [APIKey(.publishable, using: &random), APIKey(.secret, using: &random)]
        for key in keys { try insert(key, environment: environment, createdAt: date, in: db) }
        return DataFolder.Created(name: name, publishableKey: keys[0].text, secretKey: keys[1].text)
    }

    private static func insert(_ key: APIKey, environment: Int64, createdAt: String, in db: Database) throws {
        try db.execute(
            sql: "INSERT INTO keys (environment, kind, digest, readable, createdAt) VALUES (?, ?, ?, ?, ?)",
            arguments: [
                environment, key.kind.rawValue, key.digest.data, key.kind == .publishable ? key.text : nil, createdAt,
            ])
    }

    /// The environments of the folder, by name.
    package func environments() throws -> [EnvironmentName] {
        try pool.read { db in
            let rows = try Row.fetchAll(
                db,
                sql: """
                    SELECT p.name, e.name FROM environments e JOIN projects p ON p.id = e.project ORDER BY 1, 2
                    """)
            return try rows.map { try EnvironmentName(project: $0[0], environment: $0[1]) }
        }
    }

    /// The environment that a command is about: the project may be left out when the folder has only one.
    ///
    /// - Throws: `OperatorError` when there is none of that name, or several projects to choose from.
    package func environment(project: String?, environment: String) throws -> EnvironmentName {
        let known = try environments()
        let projects = Set(known.map(\.project))
        guard let project = project ?? (projects.count == 1 ? projects.first : nil) else {
            throw OperatorError(
                "the folder has several projects (\(projects.sorted().joined(separator: ", "))): give --project")
        }
        let name = try EnvironmentName(project: project, environment: environment)
        guard known.contains(name) else {
            let names = known.map(\.description).joined(separator: ", ")
            throw OperatorError("the folder has no environment \(name); it has \(names)")
        }
        return name
    }

    /// The publishable keys of an environment; secret keys can't be read.
    package func publishableKeys(of name: EnvironmentName) throws -> [String] {
        try pool.read { db in
            try String.fetchAll(
                db,
                sql: """
                    SELECT k.readable FROM keys k JOIN environments e ON e.id = k.environment
                        JOIN projects p ON p.id = e.project
                    WHERE p.name = ? AND e.name = ? AND k.readable IS NOT NULL AND k.revokedAt IS NULL ORDER BY k.id
                    """, arguments: [name.project, name.environment])
        }
    }

    /// Ends a key at once, in every process that serves the folder. False when no such key is alive.
    package func revoke(_ key: String, now: Timestamp) throws -> Bool {
        guard let key = APIKey(key) else { return false }
        return try write { db in
            try db.execute(
                sql: "UPDATE keys SET revokedAt = ? WHERE digest = ? AND revokedAt IS NULL",
                arguments: [now.description, key.digest.data])
            return db.changesCount > 0
        }
    }

    private func write<Result>(_ body: (Database) throws -> Result) throws -> Result {
        try pool.writeWithoutTransaction { db in
            try lock.withLock {
                var result: Result?
                try db.inTransaction(.immediate) {
                    result = try body(db)
                    return .commit
                }
                guard let result else { throw OperatorError("the transaction did not run") }
                return result
            }
        }
    }
}
#endif
