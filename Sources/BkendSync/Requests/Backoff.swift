/// How long to wait before the next attempt: exponential with full jitter, 1 s to a ceiling (sync.md, "Push").
package enum Backoff {
    /// The shortest wait.
    package static let floor = Duration.seconds(1)

    /// A random part of `min(ceiling, 2^attempt)` seconds, at least one second.
    package static func wait(attempt: Int, ceiling: Duration, using random: inout SyncRandom) -> Duration {
        let bound = min(ceiling, .seconds(1 << min(max(attempt, 1), 20)))
        guard bound > floor else { return floor }
        return floor + (bound - floor) * Double.random(in: 0...1, using: &random)
    }

    /// What a server asked for, up to a cap, with up to a second on top so that clients don't come back together. A wait
    /// that it didn't ask for, or asked for in the past, is the usual one.
    package static func wait(
        retryAfter: Duration?, cap: Duration, attempt: Int, ceiling: Duration, using random: inout SyncRandom
    ) -> Duration {
        guard let retryAfter, retryAfter > .zero else {
            return wait(attempt: attempt, ceiling: ceiling, using: &random)
        }
        return max(floor, min(retryAfter, cap)) + floor * Double.random(in: 0...1, using: &random)
    }
}
