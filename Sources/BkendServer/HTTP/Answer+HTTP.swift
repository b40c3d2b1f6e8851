#if Server
import BkendWire
import HTTPTypes
import HummingbirdCore
import NIOCore

/// What a route answers, before it becomes an HTTP response.
struct RouteAnswer: Sendable {
    var status: HTTPResponse.Status
    /// Compact JSON.
    var body: ByteBuffer
    var headers = HTTPFields()

    init(_ status: HTTPResponse.Status = .ok, body: ByteBuffer) {
        self.status = status
        self.body = body
    }

    init(_ status: HTTPResponse.Status, _ json: JSONObject) {
        self.init(status, body: ByteBuffer(bytes: json.serialized()))
    }

    init(_ error: ErrorBody) {
        self.init(HTTPResponse.Status(code: error.status), error.json)
    }

    /// The response: JSON, its length, the request's id, and what browsers need to see.
    func response(requestID: String, isFromPage: Bool, isHead: Bool) -> Response {
        var headers = headers
        headers[.contentType] = "application/json; charset=utf-8"
        headers[.contentLength] = String(body.readableBytes)
        headers[.requestID] = requestID
        if isFromPage { CORS.allow(&headers) }
        return Response(
            status: status, headers: headers, body: isHead ? ResponseBody() : ResponseBody(byteBuffer: body))
    }
}
#endif
