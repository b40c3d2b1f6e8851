public import HTTPTypes

/// The answer to a request: its head, and its body as a stream.
public struct TransportResponse: Sendable {
    /// Status and fields as received. The body is already decompressed, so `Content-Length` and `Content-Encoding`
    /// speak of the bytes on the wire, not of ``body``.
    public var head: HTTPResponse
    /// The body. Letting go of it unread stops the transfer.
    public var body: ResponseBody
    /// The protocol spoken, where the transport knows it.
    public var version: HTTPVersion?

    /// Creates an answer.
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

    /// As on a status line, `HTTP/1.1`; from version 2 without the minor number.
    public var description: String { major < 2 ? "HTTP/\(major).\(minor)" : "HTTP/\(major)" }
}
