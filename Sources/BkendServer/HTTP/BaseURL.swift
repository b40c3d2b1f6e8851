import HTTPTypes
import HummingbirdCore

extension ServerConfiguration {
    /// The address of this server as the sender of a request sees it, without a slash at its end: what the operator says,
    /// else what the request was sent to.
    ///
    /// - Parameter peer: the other end of the connection. A trusted proxy tells by `X-Forwarded-Proto` whether the client
    ///   came to it over TLS.
    func base(of request: Request, from peer: ClientAddress?) -> String {
        if let publicURL { return publicURL }
        let isFromProxy = peer.map(trustedProxies.trusts) ?? false
        let told = isFromProxy ? request.headers[.forwardedProto]?.lowercased() : nil
        let scheme = told == "https" ? "https" : "http"
        return "\(scheme)://\(request.head.authority ?? "\(host):\(port)")"
    }
}

extension HTTPField.Name {
    /// `X-Forwarded-Proto`
    fileprivate static let forwardedProto = HTTPField.Name("X-Forwarded-Proto")!  // a constant that is a valid name
}
