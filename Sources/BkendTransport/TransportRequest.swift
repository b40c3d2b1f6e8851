public import HTTPTypes

/// One HTTP request and its limits.
public struct TransportRequest: Sendable {
    /// Method, scheme (`http` or `https`), authority (`host` or `host:port`), path with query, and fields.
    ///
    /// The transport sets `Content-Length`, `Transfer-Encoding`, `Connection`, `Host` and `Expect` itself, and ignores
    /// them here.
    public var head: HTTPRequest
    /// The request body.
    package var body: RequestBody
    /// How long each stage may take.
    public var timeouts: Timeouts
    /// Whether the request may be sent a second time.
    public var replay: Replay
    /// The maximum size of the response body in bytes, after decompression. A larger body fails with
    /// ``TransportError/Kind/bodyTooLarge``. 64 MiB by default.
    public var maximumResponseBytes: Int

    /// Creates a request with default limits, for tests of a transport.
    public init(head: HTTPRequest, bytes: [UInt8]?) {
        self.init(head: head, body: bytes.map(RequestBody.bytes) ?? .none)
    }

    /// Creates a request. Without `replay`, the method determines it.
    package init(
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

    /// The request body; nil if the request has none.
    public var bytes: [UInt8]? { if case .bytes(let bytes) = body { bytes } else { nil } }
}
