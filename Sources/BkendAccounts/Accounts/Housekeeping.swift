import BkendWire
import Logging
import Synchronization

/// Removes what time has made useless, at most once an hour, after a sign-in.
final class Housekeeping: Sendable {
    private static let interval: Int64 = 3_600_000

    /// When it is due next.
    private let next = Mutex<Int64>(0)

    /// After a failure it is due again in a minute: a full disk is no better at the next sign-in.
    private static let pause: Int64 = 60_000

    /// Runs `body` when it is due.
    func run(now: Timestamp, _ body: () async throws -> Void) async rethrows {
        let isDue = next.withLock { next in
            guard now.milliseconds >= next || next - now.milliseconds > Self.interval else { return false }
            next = now.milliseconds + Self.interval
            return true
        }
        guard isDue else { return }
        do { try await body() } catch {
            next.withLock { $0 = now.milliseconds + Self.pause }
            throw error
        }
    }
}

extension Accounts {
    /// Removes sessions and tokens that nobody can use any more, when that is due. In a write of its own: it changes rows
    /// of all users, and a sign-in locks one. A sign-in doesn't fail by it.
    func keepHouse() async {
        do {
            try await housekeeping.run(now: now) {
                try await database.write(locking: []) { [lifetimes = configuration.lifetimes] db in
                    try SessionStore.prune(db, lifetimes: lifetimes)
                    try ResetStore.prune(db)
                }
            }
        } catch {
            logger.warning("old sessions could not be removed", metadata: ["error": "\(error)"])
        }
    }
}
