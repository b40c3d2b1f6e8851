import Synchronization

/// Time and chance as a client sees them; tests give their own.
package struct Pacing: Sendable {
    private let clock: any Clock<Duration>
    private let random: RandomSource

    /// A clock to wait by, and the source of jitter.
    package init(
        clock: any Clock<Duration> = ContinuousClock(),
        random: some RandomNumberGenerator & Sendable = SystemRandomNumberGenerator()
    ) {
        self.clock = clock
        self.random = RandomSource(random)
    }

    /// Starts a stopwatch that tells the time since now.
    func stopwatch() -> @Sendable () -> Duration { Self.stopwatch(clock) }

    /// Waits.
    ///
    /// - Throws: `CancellationError`
    func sleep(_ duration: Duration) async throws { try await clock.sleep(for: duration) }

    /// Lets a function draw random numbers.
    func draw<Result>(_ body: (inout any RandomNumberGenerator & Sendable) -> Result) -> Result {
        random.generator.withLock { body(&$0) }
    }

    private static func stopwatch<C: Clock>(_ clock: C) -> @Sendable () -> Duration where C.Duration == Duration {
        let start = clock.now
        return { start.duration(to: clock.now) }
    }

    private final class RandomSource: Sendable {
        let generator: Mutex<any RandomNumberGenerator & Sendable>

        init(_ generator: any RandomNumberGenerator & Sendable) { self.generator = Mutex(generator) }
    }
}
