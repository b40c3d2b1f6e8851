import BkendWire
import Foundation
import JWTKit

/// Issues and verifies access tokens: JWTs, HS256 alone, by one set of keys. One authority serves all environments
/// of a server; the audience tells their tokens apart.
package actor TokenAuthority {
    /// What `iss` says.
    package nonisolated let issuer: String
    /// Seconds that a token lives.
    package nonisolated let lifetime: Int

    private nonisolated let storage: any SigningKeyStorage
    private nonisolated let verified: VerifiedTokens
    private var keys: Keys?

    private struct Keys {
        let stamp: SigningKeyStamp?
        let all: [String: SigningKey]
        let signing: String
        let collection: JWTKeyCollection
    }

    /// An authority over stored keys.
    package init(
        keys storage: any SigningKeyStorage, issuer: String = "bkend", lifetime: Int = 3_600,
        remembering capacity: Int = 10_000
    ) {
        self.storage = storage
        self.issuer = issuer
        self.lifetime = lifetime
        verified = VerifiedTokens(capacity: capacity)
    }

    /// Signs claims by the newest key. The same claims give the same token while the key is the same.
    func sign(_ claims: AccessClaims) async throws -> String {
        let keys = try await current()
        return try await keys.collection.sign(claims, kid: JWKIdentifier(string: keys.signing))
    }

    /// The claims of a token that this authority issued for an audience and that is good now.
    ///
    /// - Throws: `ErrorBody`, 401 or 403, as rest-api.md §10 says.
    package nonisolated func claims(
        of token: some StringProtocol & Sendable, audience: String, now: Timestamp
    ) async throws -> AccessClaims {
        guard token.utf8.count <= TokenHeader.longestToken else { throw TokenRefusal.malformed }
        // The stamp is read before the keys: those that are replaced in between make the entry useless, not wrong.
        let stamp = await storage.stamp()
        let digest = sha256(Array(token.utf8))
        let claims: AccessClaims
        if let known = verified.claims(of: digest, stamp: stamp, now: now) {
            claims = known
        } else {
            let entry = try await verify(String(token), header: TokenHeader(ofToken: token), now: now)
            verified.insert(entry, digest: digest, stamp: stamp)
            claims = entry.claims
        }
        try claims.check(issuer: issuer, audience: audience, now: now)
        return claims
    }

    private func verify(_ token: String, header: TokenHeader, now: Timestamp) async throws -> VerifiedTokens.Entry {
        let keys = try await current()
        guard let key = keys.all[header.keyID], key.isAlive(at: now) else { throw TokenRefusal.notOurs }
        do {
            let claims = try await keys.collection.verify(token, as: AccessClaims.self)
            return VerifiedTokens.Entry(claims: claims, keyVerifiesUntil: key.verifiesUntil)
        } catch is JWTError {
            throw TokenRefusal.notOurs
        } catch is DecodingError {
            throw TokenRefusal.notOurs
        }
    }

    /// The keys as they are now. Of several callers that find new ones each may read them; all read the same.
    private func current() async throws -> Keys {
        let stamp = await storage.stamp()
        if let keys, keys.stamp == stamp, stamp != nil { return keys }
        let all = try await storage.load()
        let encoder = JSONEncoder()
        // The pair that a lost answer carried must come out the same again, so that members need an order.
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        let collection = JWTKeyCollection()
        for key in all {
            await collection.add(
                hmac: HMACKey(from: key.secret), digestAlgorithm: .sha256, kid: JWKIdentifier(string: key.id),
                serializer: DefaultJWTSerializer(jsonEncoder: encoder))
        }
        // The first key added became the default, which would stand in for an unknown one.
        await collection.clearDefault()
        let keys = Keys(
            stamp: stamp, all: Dictionary(uniqueKeysWithValues: all.map { ($0.id, $0) }), signing: all[0].id,
            collection: collection)
        self.keys = keys
        return keys
    }
}
