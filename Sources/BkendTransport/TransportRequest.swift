public import HTTPTypes

/// One HTTP request together with the limits it runs under.
public struct TransportRequest: Sendable {
    /// Method, scheme (`http` or `https`), authority (`host` or `host:port`), path with query, and fields.
    ///
    /// `Content-Length`, `Transfer-Encoding`, `Connection`, `Host` and `Expect` belong to the transport, which works
    /// them out itself and ignores them here.
    public var head: HTTPRequest
    /// What is sent after the head.
    public var body: RequestBody
    /// How long each stage may take.
    public var timeouts: Timeouts
    /// Whether the request may be sent a second time.
    public var replay: Replay
    /// The most bytes a response body may have, counted after decompression; more is
    /// ``TransportError/Kind/bodyTooLarge``. 64 MiB unless said otherwise.
    public var maximumResponseBytes: Int

    /// Creates a request; without `replay` the method decides (``Replay/init(method:)``).
    public init(
        head: HTTPRequest,
        body: RequestBody = .none,
        timeouts: Timeouts = Timeouts(),
        replay: Replay? = nil,
        maximumResponseBytes: Int = 64 << 20
    ) {
        self.head = head
        self.body = body
        self.timeouts = timeouts
        self.replay = replay ?? Replay(method: head.method)
        self.maximumResponseBytes = maximumResponseBytes
    }
}
