import HummingbirdCore
import NIOCore

/// The bytes of an answer that are read while they are sent, so that an answer of any length takes the memory of two pieces.
struct AnswerStream: Sendable {
    /// How many bytes there are.
    let count: Int
    /// The bytes from an offset on: some, up to so many; none only where something has gone wrong.
    let read: @Sendable (_ offset: Int, _ count: Int) async throws -> ByteBuffer

    /// The bytes of each piece.
    private static let piece = 128 << 10

    /// As the response's body.
    ///
    /// - Parameter loop: the connection's.
    func response(on loop: any EventLoop) -> ResponseBody {
        let (count, read) = (count, read)
        return ResponseBody(contentLength: count) { writer in
            var sent = 0
            var piece = try await read(sent, min(Self.piece, count))
            while sent < count {
                // What was promised can't be kept: the client sees the connection end early.
                guard piece.readableBytes > 0 else { throw EndsEarly() }
                sent += piece.readableBytes
                // The next piece is read while this one leaves.
                let offset = sent
                async let next = offset < count ? read(offset, min(Self.piece, count - offset)) : ByteBuffer()
                try await writer.write(piece)
                // A write is handed to the connection's thread. Until that has seen it, the piece after the next would be
                // read however much waits.
                try await loop.submit {}.get()
                piece = try await next
            }
            try await writer.finish(nil)
        }
    }

    /// There are fewer bytes than were promised.
    struct EndsEarly: Error {}
}

/// An answer without an end of its own (HTML Living Standard, 9.2 "Server-sent events").
struct EventStream: Sendable {
    /// Writes part after part, until it is over or the client has gone.
    let run: @Sendable (_ write: (AnswerBody) async throws -> Void) async throws -> Void

    /// As the response's body.
    ///
    /// - Parameter loop: the connection's.
    func response(on loop: any EventLoop) -> ResponseBody {
        let run = run
        return ResponseBody { writer in
            try await run { part in try await part.write(to: &writer, on: loop) }
            try await writer.finish(nil)
        }
    }
}
