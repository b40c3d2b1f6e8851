import BkendWire
import HTTPTypes
import HummingbirdCore
import NIOCore

/// What a route answers, before it becomes an HTTP response.
struct RouteAnswer: Sendable {
    var status: HTTPResponse.Status
    /// Compact JSON, unless there is a stream.
    var body: AnswerBody
    /// What is sent in the place of the body: a file's bytes, of the type that the headers say.
    var stream: AnswerStream?
    /// What is sent in the place of the body, as long as the client is there.
    var events: EventStream?
    var headers = HTTPFields()
    /// What went wrong, for the log.
    var code: ErrorCode?

    init(_ status: HTTPResponse.Status = .ok, body: AnswerBody) {
        self.status = status
        self.body = body
    }

    init(_ status: HTTPResponse.Status, _ json: JSONObject) {
        self.init(status, body: AnswerBody(ByteBuffer(bytes: json.serialized())))
    }

    init(_ error: ErrorBody) {
        self.init(HTTPResponse.Status(code: error.status), error.bounded.json)
        code = error.code
    }

    /// How many bytes are sent.
    var count: Int { stream?.count ?? body.count }

    /// The answer as clients of the hosted service had it at the end: `{"success":true,"data":…}` (rest-api.md §2).
    var wrapped: RouteAnswer {
        var out = self
        out.body = body.between(#"{"success":true,"data":"#, "}")
        return out
    }

    /// The response: JSON, its length, the request's id, and what browsers need to see.
    ///
    /// - Parameters:
    ///   - extensions: what a success tells of the server.
    ///   - loop: the connection's.
    func response(
        to trace: RequestTrace, isFromPage: Bool, extensions: Extensions, on loop: any EventLoop
    ) -> Response {
        var headers = headers
        // RFC 9110 §8.6, §15.3.5, §15.4.5: such an answer has no content, and so no length, and no type but what a file
        // has. Bytes that were sent with it would be taken for the next answer.
        let hasContent = status != .notModified && status != .noContent
        if hasContent, events == nil {
            if stream == nil { headers[.contentType] = "application/json; charset=utf-8" }
            headers[.contentLength] = String(count)
        }
        headers[.requestID] = trace.id
        trace.rate?.add(to: &headers)
        if (200...299).contains(status.code) { headers[Extensions.field] = extensions.text }
        if isFromPage { CORS.allow(&headers, extensions: extensions) }
        let isEmpty = trace.method == .head || !hasContent
        return Response(
            status: status, headers: headers,
            body: isEmpty
                ? ResponseBody()
                : events?.response(on: loop) ?? stream?.response(on: loop) ?? body.response(on: loop))
    }
}
