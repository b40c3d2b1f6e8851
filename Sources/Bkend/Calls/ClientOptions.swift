public import BkendTransport
public import Logging

/// A client's default behaviour, which a call's options can override.
///
/// ```swift
/// var options = ClientOptions(deadline: .seconds(20), headers: ["X-App-Version": "2.1"])
/// options.plainHTTP = .everywhere
/// ```
public struct ClientOptions: Sendable {
    /// The maximum duration of a call, including waits and retries; nil for no limit.
    public var deadline: Duration?
    /// When the client retries a failed call. It retries reads as the policy says. It retries a write only if the
    /// server certainly didn't act on it: no byte was sent, or the server itself answered 429.
    public var retry: RetryPolicy
    /// Headers to send with every call.
    public var headers: [String: String]
    /// The time limits for connecting and for silence. `total` is ignored; use `deadline` instead.
    public var timeouts: Timeouts
    /// The maximum size of a response in bytes, once decompressed.
    public var maximumResponseBytes: Int
    /// Where plain http is allowed; only to this machine by default.
    public var plainHTTP: PlainHTTP
    /// A PEM file of certificate authorities to trust instead of the system's.
    public var certificateAuthorities: String?
    /// The client's logger: each call at `debug`, retries at `info`, and a secret key at `warning`.
    public var logger: Logger

    /// Creates options. By default a call may take 60 seconds and a response may have 64 MiB; calls use the default
    /// retry policy.
    public init(
        deadline: Duration? = .seconds(60), retry: RetryPolicy = RetryPolicy(), headers: [String: String] = [:],
        timeouts: Timeouts = Timeouts(), maximumResponseBytes: Int = 64 << 20, plainHTTP: PlainHTTP = .loopbackOnly,
        certificateAuthorities: String? = nil, logger: Logger = Logger(label: "bkend")
    ) {
        self.deadline = deadline
        self.retry = retry
        self.headers = headers
        self.timeouts = timeouts
        self.maximumResponseBytes = maximumResponseBytes
        self.plainHTTP = plainHTTP
        self.certificateAuthorities = certificateAuthorities
        self.logger = logger
    }
}

/// Options for one call. A nil value means the client's option.
///
/// ```swift
/// let options = CallOptions(deadline: .seconds(30), retry: .never, headers: ["X-Request-Id": "checkout-17"])
/// ```
public struct CallOptions: Sendable, Hashable {
    /// The maximum duration of the call, including waits and retries.
    public var deadline: Duration?
    /// When the client retries the call after a failure.
    public var retry: RetryPolicy?
    /// Additional headers. A header replaces the client's header of the same name.
    public var headers: [String: String]

    /// Options of a call.
    public init(deadline: Duration? = nil, retry: RetryPolicy? = nil, headers: [String: String] = [:]) {
        self.deadline = deadline
        self.retry = retry
        self.headers = headers
    }

    /// The client's options.
    public static let `default` = CallOptions()
}
