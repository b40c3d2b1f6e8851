import BkendTransport
import NIOCore

/// An object of a bucket that is read from an offset on, as far as somebody asks: one GET for the whole range, whose bytes
/// are taken from the network only as they are wanted. One that breaks off is asked for again from there on.
actor S3Reader: ObjectReader {
    private let client: S3Client
    private let key: String
    private let end: Int
    private var position: Int
    private var body: ResponseBody.AsyncIterator?
    private var held = ByteBuffer()
    /// How often it broke off since the last byte.
    private var failures = 0

    /// Asks for a range, and returns when the service has begun to answer.
    ///
    /// - Parameter range: what will be read; up to `Int.max` for all there is.
    init(_ key: String, _ range: Range<Int>, of client: S3Client) async throws {
        self.key = key
        self.client = client
        (position, end) = (range.lowerBound, range.upperBound)
        try await begin()
    }

    /// How many bytes of memory it holds.
    var capacity: Int { held.capacity }

    func read(at offset: Int, count: Int) async throws -> ByteBuffer {
        if offset != position {
            position = offset
            held.clear()
            try await begin()
        }
        while held.readableBytes < count, position + held.readableBytes < end {
            do throws(TransportError) {
                guard let piece = try await next() else { break }
                // What was read would stay in front of what comes, and the buffer would grow with the object.
                held.discardReadBytes()
                held.writeBytes(piece)
                failures = 0
            } catch {
                failures += 1
                guard error.kind != .cancelled, try await client.mayGoOn(after: error, attempt: failures) else {
                    throw client.failure(
                        of: .get(key, position..<end), .unreachable("\(error.kind.rawValue): \(error.reason)"))
                }
                try await begin()
            }
        }
        let piece = held.readSlice(length: min(count, held.readableBytes)) ?? ByteBuffer()
        position += piece.readableBytes
        return piece
    }

    private func next() async throws(TransportError) -> [UInt8]? {
        guard var body else { return nil }
        defer { self.body = body }
        return try await body.next()
    }

    /// Asks for what comes after the bytes that are there.
    private func begin() async throws {
        let start = position + held.readableBytes
        body = nil
        let request = S3Request.get(key, start..<end)
        let response = try await client.answer(to: request)
        // A service that gives other bytes than those that were asked for would have them taken for these.
        let isAsked =
            response.head.status.code == 206
            ? response.head.headerFields[.contentRange]?.hasPrefix("bytes \(start)-") == true : start == 0
        guard isAsked else { throw client.failure(of: request, .malformed("the answer has another range")) }
        body = response.body.makeAsyncIterator()
    }
}
