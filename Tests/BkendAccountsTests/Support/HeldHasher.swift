import Synchronization

@testable import BkendAccounts

/// A hasher whose one slot is taken until it is released, and that lets nobody wait: its refusals are the real ones.
final class HeldHasher: PasswordHasher {
    private let free = ScryptHasher(concurrency: 1, waiting: 8)
    private let busy = FairLine(
        QueueLimits(places: 0, waiting: 0, waitingPerClient: 0), waitingFor: "passwords to be checked",
        code: .tooManyRequests)
    private let isReleased = Mutex(false)

    func release() { isReleased.withLock { $0 = true } }

    func scrypt(
        _ password: [UInt8], salt: [UInt8], parameters: ScryptParameters, length: Int
    ) async throws -> [UInt8] {
        if isReleased.withLock({ $0 }) {
            return try await free.scrypt(password, salt: salt, parameters: parameters, length: length)
        }
        return try await busy.pass(.own) { [] }
    }
}
