extension TransportError: CustomStringConvertible {
    /// One line for logs: what failed, where, why, how far the request had come, and what to do.
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
        case (.notSent, _): "the request did not leave this machine"
        case (.mayHaveReachedServer, true): "the request may have reached the server; it may be repeated"
        case (.mayHaveReachedServer, false): "the request may have reached the server; do not repeat it unseen"
        case (.answered, true): "the server answered; the request may be repeated"
        case (.answered, false): "the server answered; do not repeat the request unseen"
        }
    }

    /// What a developer or an operator can do about it, where there is something to say.
    public var hint: String? {
        switch kind {
        case .cannotResolveHost: "check the host's name and this machine's network"
        case .cannotConnect: "check that the server runs and listens on that port"
        case .tls: "check the server's certificate, or name its authority with the CA-file option"
        case .connectTimedOut: "check network and firewall, or allow more time to connect"
        case .idleTimedOut, .totalTimedOut: "allow more time, or look for what keeps the server busy"
        case .malformedResponse: "check that the URL is that of a bkend server and not of a proxy or portal"
        case .bodyTooLarge: "ask for fewer records, or raise maximumResponseBytes"
        case .invalidRequest: "correct the request; repeating it does not help"
        case .shutDown: "create a new client"
        default: nil
        }
    }
}
