extension TransportError {
    /// What failed. The set is open, because transports differ: compare with the known constants and expect others.
    public struct Kind: RawRepresentable, Sendable, Hashable, CustomStringConvertible {
        /// The name of the kind, in kebab case.
        public let rawValue: String

        /// Creates a kind by its name.
        public init(rawValue: String) {
            self.rawValue = rawValue
        }

        /// The name of the kind.
        public var description: String { rawValue }

        /// The request can't be sent as it is: an invalid URL, a forbidden character, plain http to another machine, or
        /// a body whose length differs from the announced one.
        public static let invalidRequest = Kind(rawValue: "invalid-request")
        /// The host name has no address.
        public static let cannotResolveHost = Kind(rawValue: "cannot-resolve-host")
        /// Nothing accepts connections at that address.
        public static let cannotConnect = Kind(rawValue: "cannot-connect")
        /// A secure connection can't be established: the certificate is expired, untrusted or for another host, or the
        /// TLS version is below 1.2.
        public static let tls = Kind(rawValue: "tls")
        /// Connecting took longer than ``Timeouts/connect``.
        public static let connectTimedOut = Kind(rawValue: "connect-timed-out")
        /// The server was silent for longer than ``Timeouts/idle``.
        public static let idleTimedOut = Kind(rawValue: "idle-timed-out")
        /// The request took longer than ``Timeouts/total``.
        public static let totalTimedOut = Kind(rawValue: "total-timed-out")
        /// The connection was lost before the response was complete.
        public static let connectionLost = Kind(rawValue: "connection-lost")
        /// The response isn't HTTP, its framing is invalid, or its head exceeds the limits.
        public static let malformedResponse = Kind(rawValue: "malformed-response")
        /// The decompressed body is larger than the request allows.
        public static let bodyTooLarge = Kind(rawValue: "body-too-large")
        /// The body can't be decompressed.
        public static let decompression = Kind(rawValue: "decompression")
        /// The stream that produces the request body threw an error.
        public static let requestBodyFailed = Kind(rawValue: "request-body-failed")
        /// The calling task was cancelled.
        public static let cancelled = Kind(rawValue: "cancelled")
        /// The transport has been shut down.
        public static let shutDown = Kind(rawValue: "shut-down")
        /// The transport itself failed: it ran out of memory or file descriptors, or a library is too old.
        public static let transportFailed = Kind(rawValue: "transport-failed")

        /// Whether this kind of failure may be temporary.
        public var isTransient: Bool {
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
