#if Server
import Crypto
import CryptoExtras
import Dispatch

/// What computes scrypt. It is a parameter so that tests can count computations.
package protocol PasswordHasher: Sendable {
    /// scrypt (RFC 7914) of a password that is not empty.
    ///
    /// - Throws: `TooManyRequests` when too many computations wait already.
    func scrypt(
        _ password: [UInt8], salt: [UInt8], parameters: ScryptParameters, length: Int
    ) async throws -> [UInt8]
}

/// scrypt on threads of its own, never on those that serve connections, and a bounded number at once: each takes 128
/// MiB at OWASP's parameters, so that a crowd at sign-in would otherwise end in an empty memory.
package final class ScryptHasher: PasswordHasher {
    private let slots: HashingSlots
    private let queue = DispatchQueue(label: "bkend.scrypt", qos: .userInitiated, attributes: .concurrent)

    /// A hasher of at most so many computations at once, and so many that wait; who comes later is refused.
    package init(concurrency: Int = 2, waiting: Int = 128) {
        slots = HashingSlots(count: max(1, concurrency), waiting: max(0, waiting))
    }

    package func scrypt(
        _ password: [UInt8], salt: [UInt8], parameters: ScryptParameters, length: Int
    ) async throws -> [UInt8] {
        try await slots.withSlot {
            try await withCheckedThrowingContinuation { continuation in
                self.queue.async {
                    continuation.resume(
                        with: Result { try Self.derive(password, salt: salt, parameters: parameters, length: length) })
                }
            }
        }
    }

    private static func derive(
        _ password: [UInt8], salt: [UInt8], parameters: ScryptParameters, length: Int
    ) throws -> [UInt8] {
        let key = try KDF.Scrypt.deriveKey(
            from: password, salt: salt, outputByteCount: length, rounds: parameters.rounds,
            blockSize: parameters.blockSize, parallelism: parameters.parallelism)
        return key.withUnsafeBytes { Array($0) }
    }
}
#endif
