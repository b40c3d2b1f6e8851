import BkendAccounts
import BkendStorage
import BkendWire

/// What the folder knows of a key.
struct ResolvedKey: Sendable {
    /// What tells it from other keys.
    let digest: KeyDigest
    let kind: APIKey.Kind
    let environment: EnvironmentName
    /// What it is limited to, nil for no limit.
    let scopes: [KeyScope]?
    let expiresAt: Timestamp?
    let isRevoked: Bool

    /// Whether it may be used at that moment.
    func isAlive(at now: Timestamp) -> Bool { !isRevoked && (expiresAt.map { now < $0 } ?? true) }

    /// Every key of a folder. A key whose row can't be read as it should is left out, and so refused.
    static func all(in session: any SQLSession) throws -> [KeyDigest: ResolvedKey] {
        var keys: [KeyDigest: ResolvedKey] = [:]
        try session.read(ControlSQL.resolvedKeys, []) { row in
            if let key = ResolvedKey(row: row) { keys[key.digest] = key }
            return true
        }
        return keys
    }

    private init?(row: any SQLRow) {
        guard let digest = KeyDigest(row.blob(0)), let kind = APIKey.Kind(rawValue: row.text(1)),
            let name = try? EnvironmentName(project: row.text(2), environment: row.text(3))
        else { return nil }
        let expiryText = row.optionalText(5)
        let expiry = expiryText.flatMap { Timestamp($0) }
        if expiryText != nil, expiry == nil { return nil }
        (self.digest, self.kind, environment) = (digest, kind, name)
        scopes = row.optionalText(4).map(Self.scopes)
        expiresAt = expiry
        isRevoked = !row.isNull(6)
    }

    /// The scopes of a stored JSON array; what is no scope allows nothing.
    private static func scopes(_ text: String) -> [KeyScope] {
        let names = (try? JSON(parsing: text))?.arrayValue ?? []
        return names.compactMap(\.stringValue).compactMap(KeyScope.init)
    }
}
