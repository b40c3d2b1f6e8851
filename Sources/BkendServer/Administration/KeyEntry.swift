import BkendAccounts
import BkendStorage
import BkendWire

/// A key as an operator sees it. A secret key's text is not among what the folder knows.
package struct KeyEntry: Hashable, Sendable {
    /// Whether a key may be used.
    package enum State: String, Sendable {
        case active, expired, revoked
    }

    /// The number by which commands name it.
    package let id: Int64
    /// `publishable` or `secret`.
    package let kind: String
    /// What the operator called it.
    package let name: String?
    /// The text of a publishable key.
    package let text: String?
    /// What it is limited to, nil for no limit.
    package let scopes: [String]?
    /// When it was made, ends, and was ended.
    package let createdAt: String, expiresAt: String?, revokedAt: String?
    /// Whether it may be used now.
    package let state: State

    /// A key from the columns of `ControlSQL`.
    init(row: any SQLRow, now: Timestamp) {
        id = row.int(0)
        kind = row.text(1)
        name = row.optionalText(2)
        text = row.optionalText(3)
        scopes = row.optionalText(4).map { text in
            ((try? JSON(parsing: text))?.arrayValue ?? []).compactMap(\.stringValue)
        }
        createdAt = row.text(5)
        expiresAt = row.optionalText(6)
        revokedAt = row.optionalText(7)
        let expiry = expiresAt.flatMap { Timestamp($0) }
        state = revokedAt != nil ? .revoked : expiry.map { now < $0 } ?? (expiresAt == nil) ? .active : .expired
    }

    /// The object of `--json`.
    package var json: JSONObject {
        func text(_ value: String?) -> JSON { value.map(JSON.string) ?? .null }
        return [
            "id": .int(id), "kind": .string(kind), "name": text(name), "key": text(self.text),
            "scopes": scopes.map { .array($0.map(JSON.string)) } ?? .null, "state": .string(state.rawValue),
            "createdAt": .string(createdAt), "expiresAt": text(expiresAt), "revokedAt": text(revokedAt),
        ]
    }
}

/// What a new key is made with.
package struct NewKey: Sendable {
    /// What the operator calls it.
    package var name: String?
    /// What it may do.
    package var scopes: KeyScopes
    /// When it ends, nil for never.
    package var expiresAt: Timestamp?

    /// A key of that name, limits and end.
    package init(name: String? = nil, scopes: KeyScopes = KeyScopes.all, expiresAt: Timestamp? = nil) {
        self.name = name
        self.scopes = scopes
        self.expiresAt = expiresAt
    }
}

/// What a key is limited to.
package struct KeyScopes: Sendable {
    private let scopes: [KeyScope]?

    /// No limit.
    package static let all = KeyScopes(scopes: nil)

    private init(scopes: [KeyScope]?) { self.scopes = scopes }

    /// Reads scopes `table:operation`; none means no limit.
    ///
    /// - Throws: `OperatorError` that names the one that is no scope.
    package init(_ texts: [String]) throws(OperatorError) {
        var scopes: [KeyScope] = []
        for text in texts {
            guard let scope = KeyScope(text) else {
                let operations = TableOperation.allCases.map(\.rawValue).joined(separator: ", ")
                throw OperatorError(
                    "\(text.debugDescription) is no scope: write TABLE:OPERATION, * for either part; operations are "
                        + operations, .usage)
            }
            scopes.append(scope)
        }
        self.init(scopes: scopes.isEmpty ? nil : scopes)
    }

    /// The JSON array that is stored.
    var stored: String? { scopes.map { JSON.array($0.map { .string($0.description) }).description } }
}
