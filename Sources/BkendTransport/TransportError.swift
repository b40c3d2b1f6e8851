/// Why a request got no complete answer: what failed, where, whether the server may have seen the request, and
/// whether sending it again is safe.
///
/// No text of it holds a key, a token, a password or a URL's query, so that it can be logged as it is.
public struct TransportError: Error, Sendable, Hashable {
    /// What failed.
    public var kind: Kind
    /// How far the request had come.
    public var delivery: Delivery
    /// Whether the request may be repeated, as the request itself said.
    public var replay: Replay
    /// The request's method, where known.
    public var method: String?
    /// Scheme, host, port and path of the request; never its query, its fragment or credentials.
    public var url: String?
    /// What happened, in words.
    public var reason: String
    /// The number the layer below gave, libcurl's `CURLcode` for `CurlTransport`.
    public var underlyingCode: Int?

    /// Creates an error. Secrets in `reason` are blotted out and `url` is cut before its query.
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

    /// How far a request had come when it failed.
    public enum Delivery: Sendable, Hashable {
        /// Not one byte of it left: the server cannot have acted on it.
        case notSent
        /// Some of it left and no answer came: the server may or may not have acted on it.
        case mayHaveReachedServer
        /// The head of an answer came, and then something failed.
        case answered
    }

    /// Whether sending the same request again cannot do harm, which is another question than whether it would help
    /// (``RetryPolicy`` answers that one).
    public var isSafeToRetry: Bool {
        delivery == .notSent || replay == .idempotent
    }
}
