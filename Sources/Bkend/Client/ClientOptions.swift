public import BkendTransport
public import Logging

/// How a client behaves where a call doesn't say otherwise.
public struct ClientOptions: Sendable {
    /// The longest that a call may take, waits and repeats included; nil for no limit.
    public var deadline: Duration?
    /// When a failed call is sent again. Reads are repeated as it says; a write only where it is certain that the
    /// server didn't act on it: no byte had left, or the server itself answered 429.
    public var retry: RetryPolicy
    /// Headers to send with every call.
    public var headers: [String: String]
    /// How long connecting and silence may last; `total` is ignored, `deadline` stands in its place.
    public var timeouts: Timeouts
    /// The most bytes that an answer may have once decompressed.
    public var maximumResponseBytes: Int
    /// Where plain http is allowed: on this machine only, unless said otherwise.
    public var plainHTTP: PlainHTTP
    /// A PEM file of certificate authorities to trust instead of the system's.
    public var certificateAuthorities: String?
    /// Where the client reports: each call at `debug`, repeats at `info`, and at `warning` a secret key.
    public var logger: Logger

    /// Options: 60 seconds for a call, the default retry policy, 64 MiB for an answer, unless said otherwise.
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

/// How one call behaves; what is nil is as the client has it.
public struct CallOptions: Sendable, Hashable {
    /// The longest that the call may take, waits and repeats included.
    public var deadline: Duration?
    /// When the call is sent again after a failure.
    public var retry: RetryPolicy?
    /// Headers to send as well; one that the client sends too takes its place.
    public var headers: [String: String]

    /// Options of a call.
    public init(deadline: Duration? = nil, retry: RetryPolicy? = nil, headers: [String: String] = [:]) {
        self.deadline = deadline
        self.retry = retry
        self.headers = headers
    }

    /// As the client has it.
    public static let `default` = CallOptions()
}
