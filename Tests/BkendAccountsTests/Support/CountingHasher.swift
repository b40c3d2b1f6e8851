import BkendAccounts
import Synchronization

/// Real scrypt that notes with which parameters it was asked.
final class CountingHasher: PasswordHasher {
    private let hasher = ScryptHasher(concurrency: 2, waiting: 1_000)
    private let log = Mutex<[ScryptParameters]>([])

    /// The parameters of every computation since the last call.
    func takeLog() -> [ScryptParameters] {
        log.withLock { log in
            defer { log = [] }
            return log
        }
    }

    func scrypt(
        _ password: [UInt8], salt: [UInt8], parameters: ScryptParameters, length: Int
    ) async throws -> [UInt8] {
        log.withLock { $0.append(parameters) }
        return try await hasher.scrypt(password, salt: salt, parameters: parameters, length: length)
    }
}
