package import Foundation
import Synchronization

/// Time and chance as a client sees them; tests give their own.
package struct Pacing: Sendable {
    private let clock: any Clock<Duration>
    private let random: RandomSource
    /// The wall clock, which tells the age of tokens and nothing else.
    let now: @Sendable () -> Date
    /// What a store's engine waits by.
    let syncClock: SyncClock

    /// A clock to wait by, the source of jitter, the wall clock, and the clock of synchronisation.
    package init(
        clock: any Clock<Duration> = ContinuousClock(),
        random: some RandomNumberGenerator & Sendable = SystemRandomNumberGenerator(),
        now: @escaping @Sendable () -> Date = { Date() },
        syncClock: any Clock<Duration> = ContinuousClock()
    ) {
        self.clock = clock
        self.now = now
        self.syncClock = SyncClock(syncClock)
        self.random = RandomSource(random)
    }

    /// Starts a stopwatch that tells the time since now.
    func stopwatch() -> @Sendable () -> Duration { Self.stopwatch(self.clock) }

    /// Waits.
    ///
    /// - Throws: `CancellationError`
    func sleep(_ duration: Duration) async throws { try await clock.sleep(for: duration) }

    /// Lets a function draw random numbers.
    func draw<Result>(_ body: (inout any RandomNumberGenerator & Sendable) -> Result) -> Result {
        random.generator.withLock { body(&$0) }
    }

    private static func stopwatch(_ clock: some Clock<Duration>) -> @Sendable () -> Duration {
        let start = clock.now
        return { start.duration(to: clock.now) }
    }

    private final class RandomSource: Sendable {
        let generator: Mutex<any RandomNumberGenerator & Sendable>

        init(_ generator: any RandomNumberGenerator & Sendable) { self.generator = Mutex(generator) }
    }
}
