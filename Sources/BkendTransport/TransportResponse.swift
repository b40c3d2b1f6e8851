public import HTTPTypes

/// The response to a request: its head, and its body as a stream.
public struct TransportResponse: Sendable {
    /// Status and fields as received. The body is already decompressed, so `Content-Length` and `Content-Encoding`
    /// describe the bytes on the wire.
    public var head: HTTPResponse
    /// The body. Releasing it unread stops the transfer.
    package var body: ResponseBody
    /// The protocol version, if the transport knows it.
    package var version: HTTPVersion?

    /// Creates a response whose decompressed body is in memory.
    public init(head: HTTPResponse, bytes: [UInt8]) { self.init(head: head, body: ResponseBody(bytes)) }

    /// The whole body, decompressed. It can be read once.
    ///
    /// - Throws: ``TransportError``, of kind ``TransportError/Kind/bodyTooLarge`` if the body is larger than `limit` bytes.
    public func bytes(upTo limit: Int) async throws(TransportError) -> [UInt8] { try await body.collect(upTo: limit) }

    /// Creates a response.
    package init(head: HTTPResponse, body: ResponseBody, version: HTTPVersion? = nil) {
        self.head = head
        self.body = body
        self.version = version
    }
}

/// A version of HTTP, an open set.
package struct HTTPVersion: Sendable, Hashable, CustomStringConvertible {
    /// Major version number.
    package var major: Int
    /// Minor version number.
    package var minor: Int

    /// Creates a version.
    package init(major: Int, minor: Int) {
        self.major = major
        self.minor = minor
    }

    /// HTTP/1.1
    package static let http11 = HTTPVersion(major: 1, minor: 1)
    /// HTTP/2
    package static let http2 = HTTPVersion(major: 2, minor: 0)

    /// The text as in a status line, `HTTP/1.1`. From version 2 on, without the minor number.
    package var description: String { major < 2 ? "HTTP/\(major).\(minor)" : "HTTP/\(major)" }
}
