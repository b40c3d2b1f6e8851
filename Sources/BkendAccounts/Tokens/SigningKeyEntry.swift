import BkendWire

/// A signing key as an operator sees it: all but its secret.
package struct SigningKeyEntry: Hashable, Sendable {
    /// Its name in tokens' headers.
    package let id: String
    /// When it was made.
    package let createdAt: Timestamp
    /// Until when its tokens are taken; nil for the key that signs.
    package let verifiesUntil: Timestamp?

    /// The object of `--json`.
    package var json: JSONObject {
        [
            "id": .string(id), "createdAt": .string(createdAt.description),
            "verifiesUntil": verifiesUntil.map { .string($0.description) } ?? .null,
        ]
    }
}

extension SigningKeyFile {
    /// The keys, the one that signs first.
    package func entries() throws -> [SigningKeyEntry] {
        try load().map { SigningKeyEntry(id: $0.id, createdAt: $0.createdAt, verifiesUntil: $0.verifiesUntil) }
    }
}
