/// The body of a request.
public enum RequestBody: Sendable {
    /// No body.
    case none
    /// A body in memory.
    case bytes([UInt8])
    /// A body that is made while it is sent.
    case stream(RequestBodyStream)

    /// A body that is made while it is sent, of `length` bytes, or of a length nobody knows yet.
    public static func stream<Chunks: AsyncSequence & Sendable>(length: Int64?, _ chunks: Chunks) -> RequestBody
    where Chunks.Element == [UInt8] {
        .stream(RequestBodyStream(length: length, chunks))
    }
}

/// A request body produced piece by piece, at the pace at which the server takes it.
public struct RequestBodyStream: Sendable {
    /// Hands over one piece; returns when the transport wants more, throws when nobody wants the body any longer.
    public typealias Write = @Sendable (_ chunk: [UInt8]) async throws -> Void

    /// The length in bytes, sent as `Content-Length`; without it the body goes out in chunks (RFC 9112 §7.1). A stream
    /// that turns out shorter or longer fails the request.
    public let length: Int64?
    /// Writes the whole body; run once. What it throws fails the request.
    public let produce: @Sendable (_ write: @escaping Write) async throws -> Void

    /// Creates a body from a function that writes it.
    public init(length: Int64?, produce: @escaping @Sendable (_ write: @escaping Write) async throws -> Void) {
        self.length = length
        self.produce = produce
    }

    /// Creates a body from a sequence of pieces.
    public init<Chunks: AsyncSequence & Sendable>(length: Int64?, _ chunks: Chunks) where Chunks.Element == [UInt8] {
        self.init(length: length) { write in
            for try await chunk in chunks {
                try await write(chunk)
            }
        }
    }
}
