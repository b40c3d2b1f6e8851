public import HTTPTypes

/// Whether a request may be sent a second time when nobody knows if the first arrived.
public enum Replay: Sendable, Hashable {
    /// A second copy could be applied twice (a create, a token refresh). The transport sends at most one copy.
    case never
    /// A second copy changes nothing beyond what the first did (RFC 9110 §9.2.2). The transport may repeat it when a
    /// kept-alive connection turns out to be dead.
    case idempotent

    /// What RFC 9110 §9.2.2 says of the method; a method it doesn't name, PATCH among them, is ``never``.
    public init(method: HTTPRequest.Method) {
        switch method {
        case .get, .head, .options, .trace, .put, .delete: self = .idempotent
        default: self = .never
        }
    }
}
