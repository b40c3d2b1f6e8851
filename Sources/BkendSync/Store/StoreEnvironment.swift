import BkendWire
import Foundation

/// What a store takes from the world, so that a simulator can decide it.
package struct StoreEnvironment: Sendable {
    /// The wall clock. It stamps local writes for people to see and decides nothing about data (sync.md, promise 8).
    package var now: @Sendable () -> Timestamp
    /// Random bits for local ids.
    package var random: @Sendable () -> UInt64

    /// An environment.
    package init(now: @escaping @Sendable () -> Timestamp, random: @escaping @Sendable () -> UInt64) {
        self.now = now
        self.random = random
    }

    /// The system's clock and random numbers.
    package static let system = StoreEnvironment(
        now: { Timestamp(Date()) ?? Timestamp(clamping: 0) },
        random: {
            var generator = SystemRandomNumberGenerator()
            return generator.next()
        })
}
