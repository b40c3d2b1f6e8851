import BkendAccounts
import BkendWire

extension DataFolder {
    /// The keys that sign access tokens, or did; the one that signs first. The first call makes one.
    package func signingKeys(now: Timestamp) throws -> [SigningKeyEntry] {
        try SigningKeyFile(in: path, now: now).entries()
    }

    /// Makes a new signing key. Tokens of the old one are taken for that long, at once no more for a span of 0.
    package func rotateSigningKeys(now: Timestamp, overlap: TimeSpan) throws -> [SigningKeyEntry] {
        let file = try SigningKeyFile(in: path, now: now)
        try file.rotate(now: now, overlap: overlap.seconds)
        return try file.entries()
    }
}
