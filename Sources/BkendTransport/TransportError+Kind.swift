extension TransportError {
    /// What failed. A transport that fails in another way reports ``transportFailed``.
    public enum Kind: String, Sendable, Hashable {
        /// The request can't be sent as it is: an invalid URL, a forbidden character, plain http to another machine, or
        /// a body whose length differs from the announced one.
        case invalidRequest = "invalid-request"
        /// The host name has no address.
        case cannotResolveHost = "cannot-resolve-host"
        /// Nothing accepts connections at that address.
        case cannotConnect = "cannot-connect"
        /// A secure connection can't be established: the certificate is expired, untrusted or for another host, or the
        /// TLS version is below 1.2.
        case tls
        /// Connecting took longer than ``Timeouts/connect``.
        case connectTimedOut = "connect-timed-out"
        /// The server was silent for longer than ``Timeouts/idle``.
        case idleTimedOut = "idle-timed-out"
        /// The request took longer than ``Timeouts/total``.
        case totalTimedOut = "total-timed-out"
        /// The connection was lost before the response was complete.
        case connectionLost = "connection-lost"
        /// The response isn't HTTP, its framing is invalid, or its head exceeds the limits.
        case malformedResponse = "malformed-response"
        /// The decompressed body is larger than the request allows.
        case bodyTooLarge = "body-too-large"
        /// The body can't be decompressed.
        case decompression
        /// The stream that produces the request body threw an error.
        case requestBodyFailed = "request-body-failed"
        /// The calling task was cancelled.
        case cancelled
        /// The transport has been shut down.
        case shutDown = "shut-down"
        /// The transport itself failed: it ran out of memory or file descriptors, or a library is too old.
        case transportFailed = "transport-failed"

        /// Whether this kind of failure may be temporary.
        package var isTransient: Bool {
            switch self {
            case .cannotResolveHost, .cannotConnect, .connectTimedOut, .idleTimedOut, .totalTimedOut, .connectionLost,
                .malformedResponse, .decompression:
                true
            default:
                false
            }
        }
    }
}
