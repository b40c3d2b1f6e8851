import BkendTransport
import BkendWire
import Foundation

/// The address of a bkend server, checked once.
struct ServerAddress: Hashable, Sendable {
    /// `http` or `https`.
    let scheme: String
    /// `host` or `host:port`.
    let authority: String
    /// What stands before `/data`, without a slash at the end: `/v1`, or the URL's own path and `/v1`.
    let root: String

    /// Reads a URL: http or https, a host, a path or none. A path that ends in `/v1` is taken as it is.
    ///
    /// - Throws: `BkendError` that says what is wrong; credentials in the URL are not repeated.
    init(_ text: String, plainHTTP: PlainHTTP) throws(BkendError) {
        func refuse(_ flaw: String) -> BkendError {
            BkendError(.invalidArgument("the server URL \(Redaction.withoutQuery(text)) \(flaw)"))
        }
        guard let parts = URLComponents(string: text) else { throw refuse("isn't a URL") }
        guard let scheme = parts.scheme?.lowercased(), scheme == "http" || scheme == "https" else {
            throw refuse("must begin with https:// (or http:// on this machine)")
        }
        guard parts.user == nil, parts.password == nil else {
            throw refuse("contains credentials; pass the key to the client instead")
        }
        guard let host = parts.encodedHost, !host.isEmpty, host != "[]" else { throw refuse("has no host") }
        guard !host.utf8.contains(where: { $0 <= 0x20 || $0 == 0x25 || $0 >= 0x7F }) else {
            throw refuse("has a malformed host")
        }
        if let port = parts.port, !(1...65_535).contains(port) { throw refuse("has a port outside 1 to 65535") }
        guard parts.query == nil, parts.fragment == nil else { throw refuse("contains a query or a fragment") }
        let authority = host + (parts.port.map { ":\($0)" } ?? "")
        guard plainHTTP.allows(scheme: scheme, authority: authority) else {
            throw refuse("isn't encrypted; use https, or allow plain http in the client's options")
        }
        var path = parts.percentEncodedPath
        while path.utf8.last == 0x2F { path.removeLast() }
        let segments = path.split(separator: "/", omittingEmptySubsequences: false).dropFirst()
        guard !segments.contains(where: { $0.isEmpty || $0 == "." || $0 == ".." }) else {
            throw refuse("has a path with an empty, . or .. segment")
        }
        self.scheme = scheme
        self.authority = authority
        root = path.hasSuffix("/v1") ? path : path + "/v1"
    }

    /// The path of a resource, by its segments after the root.
    func path(_ segments: [String]) -> String {
        root + "/" + segments.map(QueryItem.percentEncode).joined(separator: "/")
    }

    /// The path of an extension's resource, by its segments after `/x1`, which stands in the place of `/v1`.
    func extendedPath(_ segments: [String]) -> String {
        root.dropLast(2) + "x1/" + segments.map(QueryItem.percentEncode).joined(separator: "/")
    }

    /// The whole address, as it tells servers apart.
    var text: String { "\(scheme)://\(authority.lowercased())\(root)" }
}
