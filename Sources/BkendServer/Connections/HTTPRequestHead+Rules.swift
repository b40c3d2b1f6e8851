import NIOHTTP1

/// What HTTP says of a request by its head alone (RFC 9110, RFC 9112). What the parser refuses doesn't come here.
extension HTTPRequestHead {
    /// Why the request must be refused, nil when it need not (RFC 9112 §3.2).
    var flaw: String? {
        let hosts = headers["host"]
        if hosts.count > 1 { return "the request has \(hosts.count) Host fields; send one" }
        guard let host = hosts.first else {
            return isModern ? "the request has no Host field; HTTP/1.1 asks for one" : nil
        }
        return HostField.isValid(host) ? nil : "the Host field is neither a name nor an address, with or without a port"
    }

    /// Whether it is of HTTP/1.1; the parser takes nothing later, and of what is earlier only HTTP/1.0.
    private var isModern: Bool { version.minor >= 1 }

    /// Whether another request may follow on the connection (RFC 9112 §9.3). A client that wants to go on in another
    /// protocol goes on in none: the parser stops there.
    var leavesOpen: Bool {
        let options = headers[canonicalForm: "connection"].map { $0.lowercased() }
        if options.contains("close") || method == .CONNECT { return false }
        if options.contains("upgrade"), headers.contains(name: "upgrade") { return false }
        if isModern { return true }
        // A body in chunks is beyond HTTP/1.0: where it ends is uncertain (RFC 9112 §6.1).
        return options.contains("keep-alive") && !headers.contains(name: "transfer-encoding")
    }

    /// The length of the body as the request gives it.
    var contentLength: Int? { headers.first(name: "content-length").flatMap { Int($0) } }

    /// What is to come after the head.
    var expectedBody: ConnectionGuard.ExpectedBody {
        if headers.contains(name: "transfer-encoding") { return .chunked }
        return contentLength.map { $0 > 0 ? .bytes($0) : .none } ?? .none
    }

    /// Whether the client waits to be told to send its body. One of HTTP/1.0 can't read the word (RFC 9110 §10.1.1),
    /// and one without a body needs none.
    var expectsContinue: Bool {
        guard isModern,
            headers[canonicalForm: "expect"].contains(where: { $0.lowercased() == "100-continue" })
        else { return false }
        if case .none = expectedBody { return false }
        return true
    }

    /// Whether it asks whether the server is well.
    var asksForHealth: Bool {
        (method == .GET || method == .HEAD) && uri.prefix { $0 != "?" } == "/health"
    }
}
