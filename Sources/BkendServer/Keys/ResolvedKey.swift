import BkendAccounts
import BkendWire
import Foundation
import GRDB

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
    static func all(in db: Database) throws -> [KeyDigest: ResolvedKey] {
        let rows = try Row.fetchCursor(
            db,
            sql: """
                SELECT k.digest, k.kind, p.name AS project, e.name AS environment, k.scopes, k.expiresAt, k.revokedAt
                FROM keys k JOIN environments e ON e.id = k.environment JOIN projects p ON p.id = e.project
                """)
        var keys: [KeyDigest: ResolvedKey] = [:]
        while let row = try rows.next() {
            guard let digest = KeyDigest(row["digest"] as Data), let kind = APIKey.Kind(rawValue: row["kind"]),
                let name = try? EnvironmentName(project: row["project"], environment: row["environment"])
            else { continue }
            let scopeText: String? = row["scopes"]
            let expiryText: String? = row["expiresAt"]
            let expiry = expiryText.flatMap(Timestamp.init)
            if expiryText != nil, expiry == nil { continue }
            keys[digest] = ResolvedKey(
                digest: digest, kind: kind, environment: name, scopes: scopeText.map(scopes), expiresAt: expiry,
                isRevoked: (row["revokedAt"] as String?) != nil)
        }
        return keys
    }

    /// The scopes of a stored JSON array; what is no scope allows nothing.
    private static func scopes(_ text: String) -> [KeyScope] {
        let names = (try? JSON(parsing: text))?.arrayValue ?? []
        return names.compactMap(\.stringValue).compactMap(KeyScope.init)
    }
}
