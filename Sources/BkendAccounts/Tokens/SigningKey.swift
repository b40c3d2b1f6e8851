import BkendWire

/// A key that signs access tokens, or did and still verifies them.
package struct SigningKey: Sendable, CustomStringConvertible {
    /// Its name in tokens' headers.
    package let id: String
    /// What it signs with.
    package let secret: [UInt8]
    /// When it was made.
    package let createdAt: Timestamp
    /// Until when a key that signs no more verifies; nil for the one that signs.
    package var verifiesUntil: Timestamp?

    static let secretLength = 32

    init(random: RandomBytes, now: Timestamp) {
        id = random.uuid()
        secret = random(Self.secretLength)
        createdAt = now
    }

    /// Whether tokens of it are still taken.
    func isAlive(at now: Timestamp) -> Bool { verifiesUntil.map { now < $0 } ?? true }

    /// The name alone.
    package var description: String { "SigningKey(\(id))" }
}

extension SigningKey {
    var json: JSON {
        var object: JSONObject = [
            "id": .string(id), "secret": .string(Base64.url.encode(secret)),
            "createdAt": .string(createdAt.description),
        ]
        if let verifiesUntil { object["verifiesUntil"] = .string(verifiesUntil.description) }
        return .object(object)
    }

    init?(_ json: JSON) {
        guard let id = json["id"]?.stringValue, !id.isEmpty, let text = json["secret"]?.stringValue,
            let secret = Base64.url.decode(text.utf8), secret.count == Self.secretLength,
            let createdAt = json["createdAt"]?.stringValue.flatMap(Timestamp.init)
        else { return nil }
        self.id = id
        self.secret = secret
        self.createdAt = createdAt
        if let until = json["verifiesUntil"] {
            guard let moment = until.stringValue.flatMap(Timestamp.init) else { return nil }
            verifiesUntil = moment
        }
    }
}
