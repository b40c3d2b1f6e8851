public import BkendTransport

extension CurlTransport {
    /// How a transport connects. There is no way to turn certificate checks off.
    public struct Configuration: Sendable, Hashable {
        /// A file of PEM certificates to trust instead of the system's; for a server with its own authority.
        public var certificateAuthorities: String?
        /// Where plain http is allowed.
        public var plainHTTP: PlainHTTP
        /// The URL of a proxy; without it none is used, whatever the environment says.
        public var proxy: String?
        /// The most connections to one host and port; further requests wait for one.
        public var maximumConnectionsPerHost: Int
        /// How long a connection at rest is kept, in whole seconds. It should be shorter than the server's own limit,
        /// since a request that goes out just when the server closes is lost, and a write then is in doubt.
        public var idleConnectionLifetime: Duration
        /// What is sent as `User-Agent`.
        public var userAgent: String

        /// Creates a configuration: the system's authorities, plain http on loopback only, no proxy, 32 connections a
        /// host, kept for 50 s, unless said otherwise.
        public init(
            certificateAuthorities: String? = nil,
            plainHTTP: PlainHTTP = .loopbackOnly,
            proxy: String? = nil,
            maximumConnectionsPerHost: Int = 32,
            idleConnectionLifetime: Duration = .seconds(50),
            userAgent: String = "bkend-swift"
        ) {
            self.certificateAuthorities = certificateAuthorities
            self.plainHTTP = plainHTTP
            self.proxy = proxy
            self.maximumConnectionsPerHost = maximumConnectionsPerHost
            self.idleConnectionLifetime = idleConnectionLifetime
            self.userAgent = userAgent
        }
    }
}
