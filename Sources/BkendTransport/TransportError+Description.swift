extension TransportError: CustomStringConvertible {
    /// One line for logs: what failed, where, why, how far the request got, and what to do.
    public var description: String {
        var text = kind.rawValue
        if let method { text += " · \(method)" }
        if let url { text += (method == nil ? " · " : " ") + url }
        text += " · \(reason)"
        if let underlyingCode { text += " (code \(underlyingCode))" }
        text += " · \(consequence)"
        if let hint { text += " · \(hint)" }
        return text
    }

    /// What the failure means for the request.
    private var consequence: String {
        switch (delivery, isSafeToRetry) {
        case (.notSent, _): "the request wasn't sent"
        case (.mayHaveReachedServer, true): "the request may have reached the server; repeating it is safe"
        case (.mayHaveReachedServer, false):
            "the request may have reached the server; check whether it was applied before repeating it"
        case (.answered, true): "the server answered; repeating the request is safe"
        case (.answered, false): "the server answered; check whether the request was applied before repeating it"
        }
    }

    /// A suggestion for a developer or an operator, if there is one.
    public var hint: String? {
        switch kind {
        case .cannotResolveHost: "check the host name and this machine's network"
        case .cannotConnect: "check that the server is running and listening on that port"
        case .tls: "check the server's certificate, or specify its certificate authority with the CA file option"
        case .connectTimedOut: "check network and firewall, or allow more time to connect"
        case .idleTimedOut, .totalTimedOut: "allow more time, or find out why the server is slow"
        case .malformedResponse: "check that the URL belongs to a bkend server, not to a proxy or sign-in page"
        case .bodyTooLarge: "request fewer records, or raise maximumResponseBytes"
        case .invalidRequest: "correct the request; repeating it won't help"
        case .shutDown: "create a new client"
        default: nil
        }
    }
}
