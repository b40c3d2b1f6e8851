import BkendStorage
import BkendWire

extension ControlStore {
    /// The keys of an environment, the oldest first; of secret ones there is nothing to read but what they may do.
    package func keys(of name: EnvironmentName, now: Timestamp) throws -> [KeyEntry] {
        try database.readNow { session in
            try session.all(ControlSQL.keys, try Self.knownID(of: name, in: session)) { KeyEntry(row: $0, now: now) }
        }
    }

    /// The publishable keys of an environment; secret keys can't be read.
    package func publishableKeys(of name: EnvironmentName) throws -> [String] {
        try database.readNow { session in
            try session.all(ControlSQL.publishableKeys, try Self.knownID(of: name, in: session)) { $0.text(0) }
        }
    }

    /// Makes a key. The text of a secret one is given this once.
    package func createKey(
        isSecret: Bool, _ new: NewKey, of name: EnvironmentName, now: Timestamp
    ) throws -> (entry: KeyEntry, text: String) {
        var random = SystemRandomNumberGenerator()
        let key = APIKey(isSecret ? .secret : .publishable, using: &random)
        return try database.writeNow { session in
            let id = try Self.insert(
                key, new, environment: try Self.knownID(of: name, in: session), now: now, in: session)
            return (try Self.entry(id, of: name, now: now, in: session), key.text)
        }
    }

    /// Ends a key of an environment at once, in every process that serves the folder. It stays in the list.
    ///
    /// - Throws: `OperatorError` when the environment has no such key, or it was revoked before.
    package func revokeKey(_ id: Int64, of name: EnvironmentName, now: Timestamp) throws -> KeyEntry {
        try database.writeNow { session in
            if try Self.entry(id, of: name, now: now, in: session).revokedAt != nil {
                throw OperatorError("the key \(id) was revoked before")
            }
            try session.execute(ControlSQL.revokeKey, now.description, id)
            return try Self.entry(id, of: name, now: now, in: session)
        }
    }

    /// Ends a key by its text; false when no such key is alive.
    package func revoke(_ key: String, now: Timestamp) throws -> Bool {
        guard let key = APIKey(key) else { return false }
        return try database.writeNow { session in
            try session.execute(ControlSQL.revokeDigest, now.description, key.digest.data) > 0
        }
    }

    /// Sets what a key may do, nil for everything; counts from the next request on.
    ///
    /// - Throws: `OperatorError` when the environment has no such key.
    package func setScopes(
        _ scopes: KeyScopes, ofKey id: Int64, of name: EnvironmentName, now: Timestamp
    ) throws -> KeyEntry {
        try database.writeNow { session in
            _ = try Self.entry(id, of: name, now: now, in: session)
            try session.execute(ControlSQL.setScopes, scopes.stored, id)
            return try Self.entry(id, of: name, now: now, in: session)
        }
    }

    static func insert(
        _ key: APIKey, _ new: NewKey, environment: Int64, now: Timestamp, in session: any SQLTransaction
    ) throws -> Int64 {
        try inserted(
            session.returning(
                ControlSQL.insertKey, environment, key.kind.rawValue, key.digest.data,
                key.kind == .publishable ? key.text : nil, new.scopes.stored, now.description,
                new.expiresAt?.description, new.name
            ) { $0.int(0) })
    }

    private static func entry(_ id: Int64, of name: EnvironmentName, now: Timestamp, in session: any SQLSession) throws
        -> KeyEntry
    {
        let environment = try knownID(of: name, in: session)
        let entry = try session.first(ControlSQL.key, id, environment) { KeyEntry(row: $0, now: now) }
        guard let entry else {
            throw OperatorError("\(name) has no key \(id); bkend-server key list shows them", .missing)
        }
        return entry
    }

    private static func knownID(of name: EnvironmentName, in session: any SQLSession) throws -> Int64 {
        guard let id = try id(of: name, in: session) else {
            throw OperatorError("the folder has no environment \(name)", .missing)
        }
        return id
    }
}
