import BkendWire
import HTTPTypes
import HummingbirdCore
import NIOCore

/// Reads the JSON of a request's body within the limits.
struct BodyReader: Sendable {
    /// What was read. It is taken apart by whoever needs it, in their turn: a body that waits is some times smaller than
    /// its values.
    struct Body: Sendable {
        fileprivate let bytes: ByteBufferView
        fileprivate let limits: JSONLimits

        /// Its size in bytes.
        var count: Int { bytes.count }

        /// The body as JSON.
        ///
        /// - Throws: `ErrorBody` with 400 when it isn't JSON.
        func json() throws(ErrorBody) -> JSON {
            do throws(JSONError) {
                return try JSON(parsing: bytes, limits: limits)
            } catch {
                let detail = ErrorBody.Detail(field: "body", rule: "json", message: error.description)
                throw ErrorBody(.validationError, "body: \(error)", details: [detail])
            }
        }
    }

    /// The most bytes that are read, as the route's budget has it.
    let bytes: Int
    let limits: ServerLimits

    /// The body.
    ///
    /// - Throws: `ErrorBody`: 415 when it is called something else than JSON, 413 past the limit, 400 when there is none.
    func read(_ request: Request) async throws -> Body {
        try checkType(request.headers[.contentType])
        let length = request.headers[.contentLength].flatMap { Int($0) } ?? 0
        guard length <= bytes else { throw tooLarge }
        var body = ByteBuffer()
        var parts = request.body.makeAsyncIterator()
        while let part = try await Self.next(of: &parts) {
            guard body.readableBytes + part.readableBytes <= bytes else { throw tooLarge }
            if body.readableBytes == 0 { body = part } else { body.writeImmutableBuffer(part) }
        }
        // Half a body can be sound JSON.
        guard body.readableBytes >= length else { throw BrokenOff(cause: ChannelError.eof) }
        guard body.readableBytes > 0 else {
            throw ErrorBody(.validationError, "the body is empty; send a JSON object")
        }
        return Body(bytes: body.readableBytesView, limits: limits.json)
    }

    private static func next(of parts: inout RequestBody.AsyncIterator) async throws(BrokenOff) -> ByteBuffer? {
        do { return try await parts.next() } catch { throw BrokenOff(cause: error) }
    }

    /// A body without a type is taken for JSON, as many scripts send it; one of another type is not.
    private func checkType(_ type: String?) throws(ErrorBody) {
        guard let type, !type.isEmpty else { return }
        let essence = type.prefix { $0 != ";" }.filter { $0 != " " && $0 != "\t" }.lowercased()
        if essence == "application/json" || essence.hasSuffix("+json") { return }
        throw ErrorBody(
            .unsupportedMediaType, "Content-Type is \(JSON.string(String(type.prefix(100)))); send application/json")
    }

    private var tooLarge: ErrorBody {
        ErrorBody(.payloadTooLarge, "the body is larger than the \(bytes) bytes that this route takes")
    }
}
