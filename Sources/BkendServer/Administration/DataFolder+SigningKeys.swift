import BkendAccounts
import BkendWire

/// What a server's keys sign.
package enum SigningPurpose: Sendable {
    /// Access tokens.
    case tokens
    /// The addresses of files.
    case addresses

    fileprivate var file: String {
        switch self {
        case .tokens: SigningKeyFile.defaultName
        case .addresses: AddressKeys.fileName
        }
    }
}

extension DataFolder {
    /// The keys that sign, or did; the one that signs first. The first call makes one.
    package func signingKeys(of purpose: SigningPurpose = .tokens, now: Timestamp) throws -> [SigningKeyEntry] {
        try SigningKeyFile(in: path, name: purpose.file, now: now).entries()
    }

    /// Makes a new signing key. What the old one signed is taken for that long, at once no more for a span of 0.
    package func rotateSigningKeys(
        of purpose: SigningPurpose = .tokens, now: Timestamp, overlap: TimeSpan
    ) throws -> [SigningKeyEntry] {
        let file = try SigningKeyFile(in: path, name: purpose.file, now: now)
        try file.rotate(now: now, overlap: overlap.seconds)
        return try file.entries()
    }
}
