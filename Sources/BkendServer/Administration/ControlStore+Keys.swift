import BkendWire
import GRDB

extension ControlStore {
    /// The keys of an environment, the oldest first; of secret ones there is nothing to read but what they may do.
    package func keys(of name: EnvironmentName, now: Timestamp) throws -> [KeyEntry] {
        try pool.read { db in
            try Row.fetchAll(
                db, sql: "SELECT * FROM keys WHERE environment = ? ORDER BY id",
                arguments: [try Self.knownID(of: name, in: db)]
            ).map { KeyEntry(row: $0, now: now) }
        }
    }

    /// The publishable keys of an environment; secret keys can't be read.
    package func publishableKeys(of name: EnvironmentName) throws -> [String] {
        try pool.read { db in
            try String.fetchAll(
                db,
                sql: """
                    SELECT readable FROM keys
                    WHERE environment = ? AND readable IS NOT NULL AND revokedAt IS NULL ORDER BY id
                    """, arguments: [try Self.knownID(of: name, in: db)])
        }
    }

    /// Makes a key. The text of a secret one is given this once.
    package func createKey(
        isSecret: Bool, _ new: NewKey, of name: EnvironmentName, now: Timestamp
    ) throws -> (entry: KeyEntry, text: String) {
        var random = SystemRandomNumberGenerator()
        let key = APIKey(isSecret ? .secret : .publishable, using: &random)
        return try write { db in
            let id = try Self.insert(key, new, environment: try Self.knownID(of: name, in: db), now: now, in: db)
            return (try Self.entry(id, of: name, now: now, in: db), key.text)
        }
    }

    /// Ends a key of an environment at once, in every process that serves the folder. It stays in the list.
    ///
    /// - Throws: `OperatorError` when the environment has no such key, or it was revoked before.
    package func revokeKey(_ id: Int64, of name: EnvironmentName, now: Timestamp) throws -> KeyEntry {
        try write { db in
            if try Self.entry(id, of: name, now: now, in: db).revokedAt != nil {
                throw OperatorError("the key \(id) was revoked before")
            }
            try db.execute(sql: "UPDATE keys SET revokedAt = ? WHERE id = ?", arguments: [now.description, id])
            return try Self.entry(id, of: name, now: now, in: db)
        }
    }

    /// Ends a key by its text; false when no such key is alive.
    package func revoke(_ key: String, now: Timestamp) throws -> Bool {
        guard let key = APIKey(key) else { return false }
        return try write { db in
            try db.execute(
                sql: "UPDATE keys SET revokedAt = ? WHERE digest = ? AND revokedAt IS NULL",
                arguments: [now.description, key.digest.data])
            return db.changesCount > 0
        }
    }

    /// Sets what a key may do, nil for everything; counts from the next request on.
    ///
    /// - Throws: `OperatorError` when the environment has no such key.
    package func setScopes(
        _ scopes: KeyScopes, ofKey id: Int64, of name: EnvironmentName, now: Timestamp
    ) throws -> KeyEntry {
        try write { db in
            _ = try Self.entry(id, of: name, now: now, in: db)
            try db.execute(sql: "UPDATE keys SET scopes = ? WHERE id = ?", arguments: [scopes.stored, id])
            return try Self.entry(id, of: name, now: now, in: db)
        }
    }

    static func insert(
        _ key: APIKey, _ new: NewKey, environment: Int64, now: Timestamp, in db: Database
    ) throws -> Int64 {
        try db.execute(
            sql: """
                INSERT INTO keys (environment, kind, digest, readable, scopes, createdAt, expiresAt, name)
                VALUES (?, ?, ?, ?, ?, ?, ?, ?)
                """,
            arguments: [
                environment, key.kind.rawValue, key.digest.data, key.kind == .publishable ? key.text : nil,
                new.scopes.stored, now.description, new.expiresAt?.description, new.name,
            ])
        return db.lastInsertedRowID
    }

    private static func entry(_ id: Int64, of name: EnvironmentName, now: Timestamp, in db: Database) throws -> KeyEntry
    {
        let row = try Row.fetchOne(
            db, sql: "SELECT * FROM keys WHERE id = ? AND environment = ?",
            arguments: [id, try knownID(of: name, in: db)])
        guard let row else { throw OperatorError("\(name) has no key \(id); bkend-server key list shows them") }
        return KeyEntry(row: row, now: now)
    }

    private static func knownID(of name: EnvironmentName, in db: Database) throws -> Int64 {
        guard let id = try id(of: name, in: db) else { throw OperatorError("the folder has no environment \(name)") }
        return id
    }
}
