import Synchronization

/// A clock whose sleepers wake at once, with the time moved on by what they asked for.
final class SkippingClock: Clock, Sendable {
    struct Instant: InstantProtocol {
        typealias Duration = Swift.Duration

        var offset: Swift.Duration

        func advanced(by duration: Swift.Duration) -> Instant { Instant(offset: offset + duration) }
        func duration(to other: Instant) -> Swift.Duration { other.offset - offset }
        static func < (a: Instant, b: Instant) -> Bool { a.offset < b.offset }
    }

    typealias Duration = Swift.Duration

    private let time = Mutex(Swift.Duration.zero)
    /// What happens during each sleep.
    let whileSleeping = Mutex<(@Sendable () async -> Void)?>(nil)

    var now: Instant { Instant(offset: time.withLock { $0 }) }
    let minimumResolution = Duration.nanoseconds(1)

    func sleep(until deadline: Instant, tolerance: Swift.Duration?) async throws {
        try Task.checkCancellation()
        time.withLock { $0 = max($0, deadline.offset) }
        let hook = whileSleeping.withLock { $0 }
        await hook?()
    }

    func advance(by duration: Swift.Duration) { time.withLock { $0 += duration } }
}
