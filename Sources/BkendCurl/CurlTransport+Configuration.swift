public import BkendTransport

extension CurlTransport {
    /// A transport's configuration. Certificate checks can't be turned off.
    public struct Configuration: Sendable, Hashable {
        /// A file of PEM certificates to trust instead of the system's, for a server with its own certificate
        /// authority.
        public var certificateAuthorities: String?
        /// Where plain http is allowed.
        public var plainHTTP: PlainHTTP
        /// The URL of a proxy. Without it, no proxy is used, whatever the environment specifies.
        public var proxy: String?
        /// The maximum number of connections to one host and port. Further requests wait.
        public var maximumConnectionsPerHost: Int
        /// How long an idle connection is kept, in whole seconds. It should be shorter than the server's limit: a
        /// request that is sent while the server closes the connection is lost, and it is unknown whether a write was
        /// applied.
        public var idleConnectionLifetime: Duration
        /// The value of the `User-Agent` field.
        public var userAgent: String

        /// Creates a configuration. The defaults are the system's certificate authorities, plain http on loopback only,
        /// no proxy, and 32 connections per host, which are kept for 50 s.
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
