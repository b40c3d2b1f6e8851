import Crypto
import CryptoExtras
import Foundation

/// What computes scrypt. It is a parameter so that tests can count computations.
package protocol PasswordHasher: Sendable {
    /// scrypt (RFC 7914) of a password that is not empty.
    ///
    /// - Throws: `QueueRefused` when too many computations wait already, `ClientGone` when the requester left meanwhile.
    func scrypt(
        _ password: [UInt8], salt: [UInt8], parameters: ScryptParameters, length: Int
    ) async throws -> [UInt8]
}

/// scrypt on threads of its own, never on those that serve connections, and a bounded number at once: each takes 128
/// MiB at OWASP's parameters, so that a crowd at sign-in would otherwise end in an empty memory. Who waits takes turns as
/// in every queue; a computation that has begun goes on to its end.
package final class ScryptHasher: PasswordHasher {
    private let line: FairLine

    /// Little: who signs in waits for it.
    private static let niceness: Int32 = 2

    /// As many as there are processors, and no more than two: more at once would only each be slower.
    package static var usualConcurrency: Int { min(2, max(1, ProcessInfo.processInfo.activeProcessorCount)) }

    /// A hasher of at most so many computations at once, and so many that wait, of all clients and of one; who comes
    /// later is refused.
    package init(
        concurrency: Int = ScryptHasher.usualConcurrency, waiting: Int = 128, waitingPerClient: Int? = nil,
        report: @escaping @Sendable (QueueEvent) -> Void = { _ in }
    ) {
        line = FairLine(
            QueueLimits(
                places: max(1, concurrency), waiting: max(0, waiting), waitingPerClient: waitingPerClient ?? waiting),
            waitingFor: "passwords to be checked", code: .tooManyRequests, retryAfterSeconds: 5, report: report)
    }

    package func scrypt(
        _ password: [UInt8], salt: [UInt8], parameters: ScryptParameters, length: Int
    ) async throws -> [UInt8] {
        let requester = Requester.current
        return try await line.pass(requester.share, departure: requester.departure()) {
            try await PatientThread.run(niceness: Self.niceness) {
                try Self.derive(password, salt: salt, parameters: parameters, length: length)
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
