package import HTTPTypes

/// Whether a request may be sent a second time if it is unknown whether the first one arrived.
public enum Replay: Sendable, Hashable {
    /// A second copy could be applied twice (a create, a token refresh). The transport sends at most one copy.
    case never
    /// A second copy changes nothing beyond what the first did (RFC 9110 §9.2.2). The transport may repeat it if a
    /// kept-alive connection turns out to be closed.
    case idempotent

    /// The value for a method, by RFC 9110 §9.2.2. A method that it doesn't list as idempotent, such as PATCH, is
    /// ``never``.
    package init(method: HTTPRequest.Method) {
        switch method {
        case .get, .head, .options, .trace, .put, .delete: self = .idempotent
        default: self = .never
        }
    }
}
