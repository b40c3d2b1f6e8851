public import HTTPTypes

/// The response to a request: its head, and its body as a stream.
public struct TransportResponse: Sendable {
    /// Status and fields as received. The body is already decompressed, so `Content-Length` and `Content-Encoding`
    /// describe the bytes on the wire, not ``body``.
    public var head: HTTPResponse
    /// The body. Releasing it unread stops the transfer.
    public var body: ResponseBody
    /// The protocol version, if the transport knows it.
    public var version: HTTPVersion?

    /// Creates a response.
    public init(head: HTTPResponse, body: ResponseBody, version: HTTPVersion? = nil) {
        self.head = head
        self.body = body
        self.version = version
    }
}

/// A version of HTTP, an open set.
public struct HTTPVersion: Sendable, Hashable, CustomStringConvertible {
    /// Major version number.
    public var major: Int
    /// Minor version number.
    public var minor: Int

    /// Creates a version.
    public init(major: Int, minor: Int) {
        self.major = major
        self.minor = minor
    }

    /// HTTP/1.0
    public static let http10 = HTTPVersion(major: 1, minor: 0)
    /// HTTP/1.1
    public static let http11 = HTTPVersion(major: 1, minor: 1)
    /// HTTP/2
    public static let http2 = HTTPVersion(major: 2, minor: 0)

    /// The text as in a status line, `HTTP/1.1`. From version 2 on, without the minor number.
    public var description: String { major < 2 ? "HTTP/\(major).\(minor)" : "HTTP/\(major)" }
}
