/// The time limits for the stages of a request. They use a monotonic clock (`CLOCK_MONOTONIC`).
public struct Timeouts: Sendable, Hashable {
    /// Resolving the host, connecting and the TLS handshake together.
    public var connect: Duration
    /// The longest silence once sending has begun. Time spent waiting for this side (a body that isn't read, an upload
    /// that has nothing to send yet) doesn't count. `nil` for no limit.
    public var idle: Duration?
    /// Everything from the call to the last byte of the body. `nil` for no limit.
    public var total: Duration?

    /// Creates timeouts. The defaults are 10 s to connect, 60 s of silence and no total limit.
    public init(connect: Duration = .seconds(10), idle: Duration? = .seconds(60), total: Duration? = nil) {
        self.connect = connect
        self.idle = idle
        self.total = total
    }
}
