import BkendAccounts
import BkendWire
import Synchronization

/// A hasher whose line is full until `isFree`.
final class BusyHasher: PasswordHasher {
    private let hasher = CountingHasher()
    private let free = Mutex(false)

    func isFree() { free.withLock { $0 = true } }

    func scrypt(
        _ password: [UInt8], salt: [UInt8], parameters: ScryptParameters, length: Int
    ) async throws -> [UInt8] {
        guard free.withLock({ $0 }) else {
            throw QueueRefused(
                .full, waitingFor: "passwords to be checked", code: .tooManyRequests, retryAfterSeconds: 5)
        }
        return try await hasher.scrypt(password, salt: salt, parameters: parameters, length: length)
    }
}
