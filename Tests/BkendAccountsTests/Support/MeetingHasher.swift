import BkendAccounts
import Synchronization

/// Real scrypt whose first callers wait for each other, so that all of them have read what none has changed yet.
final class MeetingHasher: PasswordHasher {
    private let hasher = ScryptHasher(concurrency: 2, waiting: 100)
    private let size: Int
    private let state = Mutex((arrived: 0, waiting: [CheckedContinuation<Void, Never>]()))

    init(of size: Int) { self.size = size }

    func scrypt(
        _ password: [UInt8], salt: [UInt8], parameters: ScryptParameters, length: Int
    ) async throws -> [UInt8] {
        await withCheckedContinuation { continuation in
            let ready = state.withLock { state -> [CheckedContinuation<Void, Never>] in
                state.arrived += 1
                state.waiting.append(continuation)
                guard state.arrived >= size else { return [] }
                defer { state.waiting = [] }
                return state.waiting
            }
            for continuation in ready { continuation.resume() }
        }
        return try await hasher.scrypt(password, salt: salt, parameters: parameters, length: length)
    }
}
