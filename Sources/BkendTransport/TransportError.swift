/// An error for a request that got no complete response: what failed, where, whether the server may have received the
/// request, and whether sending it again is safe.
///
/// None of its texts contain a key, a token, a password or a URL's query, so you can log it unchanged.
public struct TransportError: Error, Sendable, Hashable {
    /// What failed.
    public var kind: Kind
    /// How far the request got.
    public var delivery: Delivery
    /// Whether the request may be repeated, as the request specified.
    package var replay: Replay
    /// The request's method, if known.
    package var method: String?
    /// Scheme, host, port and path of the request. It never contains the query, the fragment or credentials.
    package var url: String?
    /// What happened, as text.
    public var reason: String
    /// The error number of the underlying library, libcurl's `CURLcode` for `CurlTransport`.
    package var underlyingCode: Int?

    /// Creates an error. Redacts secrets in `reason` and removes the query from `url`.
    public init(
        kind: Kind,
        delivery: Delivery,
        replay: Replay = .never,
        method: String? = nil,
        url: String? = nil,
        reason: String,
        underlyingCode: Int? = nil
    ) {
        self.kind = kind
        self.delivery = delivery
        self.replay = replay
        self.method = method
        self.url = url.map(Redaction.withoutQuery)
        self.reason = Redaction.redact(reason)
        self.underlyingCode = underlyingCode
    }

    /// How far a request got before it failed.
    public enum Delivery: Sendable, Hashable {
        /// No byte was sent. The server can't have acted on the request.
        case notSent
        /// Part of it was sent and no response arrived. The server may or may not have acted on the request.
        case mayHaveReachedServer
        /// The head of a response arrived, and then something failed.
        case answered
    }

    /// Whether sending the same request again is harmless. Whether it is likely to help is a separate question; see
    /// ``RetryPolicy``.
    public var isSafeToRetry: Bool {
        delivery == .notSent || replay == .idempotent
    }
}
