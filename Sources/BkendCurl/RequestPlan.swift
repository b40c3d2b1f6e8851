import BkendTransport
import HTTPTypes

/// A request checked and put into the form libcurl takes: a URL and header lines. Made in the caller's task.
struct RequestPlan {
    /// Which of libcurl's request forms fits; the method's name is set apart from it.
    enum Form: Equatable {
        /// No body and no `Content-Length`.
        case bodiless
        /// As `bodiless`, and no body comes back.
        case head
        /// A body of `length` bytes, 0 included; `nil` for chunks.
        case body(length: Int64?)
    }

    let url: String
    let isEncrypted: Bool
    let method: String
    let form: Form
    let headers: HeaderList

    /// What the transport works out itself.
    private static let ownFields: Set<String> = [
        "content-length", "transfer-encoding", "connection", "host", "expect", "upgrade", "te", "trailer",
    ]

    init(_ request: TransportRequest, plainHTTP: PlainHTTP) throws(TransportError) {
        let head = request.head
        func invalid(_ reason: String) -> TransportError {
            TransportError(
                kind: .invalidRequest, delivery: .notSent, replay: request.replay, method: head.method.rawValue,
                url: "\(head.scheme ?? "")://\(head.authority ?? "")\(head.path ?? "")", reason: reason)
        }
        guard let scheme = head.scheme?.lowercased(), scheme == "http" || scheme == "https" else {
            throw invalid("only http and https URLs can be requested")
        }
        guard let authority = head.authority, Self.isAuthority(authority) else {
            throw invalid("the URL has no host, or its host has user information or forbidden characters")
        }
        guard let path = head.path, Self.isPath(path) else {
            throw invalid("the path must begin with / and contain only printable ASCII, without # or spaces")
        }
        guard plainHTTP.allows(scheme: scheme, authority: authority) else {
            throw invalid("plain http is allowed only to this machine; use https")
        }
        if let limit = request.timeouts.total, limit <= .zero { throw invalid("the total timeout must be positive") }
        url = "\(scheme)://\(authority)\(path)"
        isEncrypted = scheme == "https"
        method = head.method.rawValue
        form = Self.form(of: request)

        var lines = HeaderList.Builder()
        for field in head.headerFields where !Self.ownFields.contains(field.name.canonicalName) {
            guard lines.append(field) else { throw invalid("the value of \(field.name) contains a line break or NUL") }
        }
        if case .body(let length) = form {
            // Removes what libcurl would add to a POST by itself.
            lines.append(line: "Expect:")
            if head.headerFields[.contentType] == nil { lines.append(line: "Content-Type:") }
            if length == nil { lines.append(line: "Transfer-Encoding: chunked") }
        }
        headers = lines.build()
    }

    private static func form(of request: TransportRequest) -> Form {
        switch request.body {
        case .bytes(let bytes): return .body(length: Int64(bytes.count))
        case .stream(let stream): return .body(length: stream.length)
        case .none: break
        }
        switch request.head.method {
        case .head: return .head
        case .post, .put, .patch: return .body(length: 0)  // RFC 9110 §8.6: says that there is no body
        default: return .bodiless
        }
    }

    /// RFC 3986 §3.2 without user information.
    private static func isAuthority(_ text: String) -> Bool {
        !text.isEmpty
            && text.utf8.allSatisfy { byte in
                switch byte {
                case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                    UInt8(ascii: "0")...UInt8(ascii: ":"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"),
                    UInt8(ascii: "~"), UInt8(ascii: "["), UInt8(ascii: "]"):
                    true
                default: false
                }
            }
    }

    private static func isPath(_ text: String) -> Bool {
        text.utf8.first == UInt8(ascii: "/")
            && text.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F && $0 != UInt8(ascii: "#") }
    }
}
