extension TransportError {
    /// What failed: an open set, since transports differ. Compare with the known constants and expect others.
    public struct Kind: RawRepresentable, Sendable, Hashable, CustomStringConvertible {
        /// The name of the kind, in kebab case.
        public let rawValue: String

        /// Creates a kind by its name.
        public init(rawValue: String) {
            self.rawValue = rawValue
        }

        /// The name of the kind.
        public var description: String { rawValue }

        /// The request cannot be sent as it is: a bad URL, a forbidden character, plain http off loopback, a body of
        /// another length than announced.
        public static let invalidRequest = Kind(rawValue: "invalid-request")
        /// The host's name has no address.
        public static let cannotResolveHost = Kind(rawValue: "cannot-resolve-host")
        /// Nobody accepts connections at that address.
        public static let cannotConnect = Kind(rawValue: "cannot-connect")
        /// No safe connection: a certificate that is expired, for another host or not trusted, or a TLS version below
        /// 1.2.
        public static let tls = Kind(rawValue: "tls")
        /// Connecting took longer than ``Timeouts/connect``.
        public static let connectTimedOut = Kind(rawValue: "connect-timed-out")
        /// The server was silent for longer than ``Timeouts/idle``.
        public static let idleTimedOut = Kind(rawValue: "idle-timed-out")
        /// The request took longer than ``Timeouts/total``.
        public static let totalTimedOut = Kind(rawValue: "total-timed-out")
        /// The connection broke before the answer was complete.
        public static let connectionLost = Kind(rawValue: "connection-lost")
        /// What came back is not HTTP, or its framing is broken, or its head exceeds the limits.
        public static let malformedResponse = Kind(rawValue: "malformed-response")
        /// The body, once decompressed, is larger than the request allows.
        public static let bodyTooLarge = Kind(rawValue: "body-too-large")
        /// The body's compression is broken.
        public static let decompression = Kind(rawValue: "decompression")
        /// The stream that produces the request body threw an error.
        public static let requestBodyFailed = Kind(rawValue: "request-body-failed")
        /// The calling task was cancelled.
        public static let cancelled = Kind(rawValue: "cancelled")
        /// The transport has been shut down.
        public static let shutDown = Kind(rawValue: "shut-down")
        /// The transport itself failed: memory, descriptors, a library that is too old.
        public static let transportFailed = Kind(rawValue: "transport-failed")

        /// Whether this kind of failure may be gone a moment later.
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
