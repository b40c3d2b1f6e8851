/// How long the stages of a request may take. Each runs on a clock that does not stand still or jump
/// (`CLOCK_MONOTONIC`).
public struct Timeouts: Sendable, Hashable {
    /// Finding the address, connecting and the TLS handshake together.
    public var connect: Duration
    /// The longest silence once the request has begun to leave. Time spent waiting for this side (a body that is not
    /// consumed, an upload that has nothing to send yet) does not count. `nil` for no limit.
    public var idle: Duration?
    /// Everything from the call to the last byte of the body. `nil` for no limit.
    public var total: Duration?

    /// Creates time-outs: 10 s to connect, 60 s of silence and no total limit unless said otherwise.
    public init(connect: Duration = .seconds(10), idle: Duration? = .seconds(60), total: Duration? = nil) {
        self.connect = connect
        self.idle = idle
        self.total = total
    }
}
