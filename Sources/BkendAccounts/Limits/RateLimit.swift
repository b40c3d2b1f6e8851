#if Server
/// So many at once, and the same number again over a time: `RateLimit(10, perSeconds: 300)` lets ten pass in a row, and
/// one more each thirty seconds.
package struct RateLimit: Hashable, Sendable {
    /// How many may come at once.
    package var count: Int
    /// The seconds in which as many come back.
    package var seconds: Int

    /// A limit.
    package init(_ count: Int, perSeconds seconds: Int) {
        self.count = max(1, count)
        self.seconds = max(1, seconds)
    }
}
#endif
