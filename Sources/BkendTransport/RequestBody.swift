/// The body of a request.
package enum RequestBody: Sendable {
    /// No body.
    case none
    /// A body in memory.
    case bytes([UInt8])
    /// A body that is produced while it is sent.
    case stream(RequestBodyStream)

    /// A body that is produced while it is sent, of `length` bytes, or of unknown length.
    package static func stream<Chunks: AsyncSequence & Sendable>(length: Int64?, _ chunks: Chunks) -> RequestBody
    where Chunks.Element == [UInt8] {
        .stream(RequestBodyStream(length: length, chunks))
    }
}

/// A request body that is produced in chunks, as fast as the server accepts them.
package struct RequestBodyStream: Sendable {
    /// Writes one chunk. Returns when the transport can accept more, and throws when the body is no longer needed.
    package typealias Write = @Sendable (_ chunk: [UInt8]) async throws -> Void

    /// The length in bytes, sent as `Content-Length`. Without it, the body is sent with chunked encoding (RFC 9112
    /// §7.1). If the stream has another length, the request fails.
    package let length: Int64?
    /// Writes the whole body. It runs once. If it throws, the request fails.
    package let produce: @Sendable (_ write: @escaping Write) async throws -> Void

    /// Creates a body from a function that writes it.
    package init(length: Int64?, produce: @escaping @Sendable (_ write: @escaping Write) async throws -> Void) {
        self.length = length
        self.produce = produce
    }

    /// Creates a body from a sequence of chunks.
    package init<Chunks: AsyncSequence & Sendable>(length: Int64?, _ chunks: Chunks) where Chunks.Element == [UInt8] {
        self.init(length: length) { write in
            for try await chunk in chunks {
                try await write(chunk)
            }
        }
    }
}
