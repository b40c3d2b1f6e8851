import BkendTransport
import HTTPTypes

/// An answer that the server didn't give.
public struct FaultAnswer: Sendable, Hashable, CustomStringConvertible {
    /// The status, 100 to 599 (RFC 9110 §15).
    public var status: Int
    /// The header fields, by name.
    public var fields: [String: String]
    /// The body.
    public var body: String

    /// An answer.
    public init(status: Int, fields: [String: String] = [:], body: String = "") {
        self.status = status
        self.fields = fields
        self.body = body
    }

    /// A status without bkend's JSON, as proxies give it.
    public static func status(_ status: Int) -> FaultAnswer { FaultAnswer(status: status, body: "status \(status)") }

    /// 429 in bkend's form: the client may send again after so many seconds.
    public static func tooManyRequests(retryAfter seconds: Int = 1) -> FaultAnswer {
        let body = #"{"code":"common/too-many-requests","message":"a fault that a test planned","httpStatus":429}"#
        return FaultAnswer(
            status: 429, fields: ["Content-Type": "application/json", "Retry-After": "\(seconds)"], body: body)
    }

    /// A web page with 200, like a captive portal's.
    public static func html(_ body: String = "<html><body>Sign in to the Wi-Fi</body></html>") -> FaultAnswer {
        FaultAnswer(status: 200, fields: ["Content-Type": "text/html"], body: body)
    }

    /// 200 and JSON that ends too early.
    public static let badJSON = FaultAnswer(
        status: 200, fields: ["Content-Type": "application/json"], body: #"{"id":"0193","#)

    /// The status and the beginning of the body.
    public var description: String { "\(status) \(body.prefix(24))" }

    /// As HTTP has it.
    var head: HTTPResponse {
        var head = HTTPResponse(status: HTTPResponse.Status(code: status))
        for (name, value) in fields {
            if let name = HTTPField.Name(name) { head.headerFields[name] = value }
        }
        return head
    }

    var transportResponse: TransportResponse {
        TransportResponse(head: head, body: ResponseBody(Array(body.utf8)), version: .http11)
    }
}
