import Crypto
import Foundation

/// Comparisons and digests of secrets.
package enum ConstantTime {
    /// Whether both are the same bytes; the time says nothing about where they differ.
    package static func areEqual(_ a: some Collection<UInt8>, _ b: some Collection<UInt8>) -> Bool {
        guard a.count == b.count else { return false }
        return zip(a, b).reduce(UInt8(0)) { $0 | ($1.0 ^ $1.1) } == 0
    }
}

/// What is stored of a secret that is looked up or compared: its SHA-256. The secrets are 32 random bytes, so that a
/// plain hash is enough (no dictionary holds them).
func sha256(_ bytes: some DataProtocol) -> Data { Data(SHA256.hash(data: bytes)) }

/// A value that only who knows the key can derive from a message.
func hmac(_ message: some DataProtocol, key: Data) -> [UInt8] {
    Array(HMAC<SHA256>.authenticationCode(for: message, using: SymmetricKey(data: key)))
}
