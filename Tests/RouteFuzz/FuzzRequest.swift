import BkendWire

/// A request before it is bytes, so that it can be spoilt at any place.
struct FuzzRequest {
    var method: String
    /// Percent-encoded.
    var path: String
    var query: [(name: String, value: String)] = []
    /// What follows the path in place of `query`.
    var rawQuery: String?
    var headers: [(name: String, value: String)] = []
    var body: JSON?
    /// What is sent in place of `body`.
    var rawBody: [UInt8]?
    var contentType = "application/json"

    init(_ method: String, _ path: String) {
        self.method = method
        self.path = path
    }

    var bytes: [UInt8] {
        var target = path
        if let rawQuery {
            target += "?" + rawQuery
        } else if !query.isEmpty {
            target += "?" + QueryItem.encode(query.map { QueryItem($0.name, $0.value) })
        }
        var head = "\(method) \(target) HTTP/1.1\r\nHost: 127.0.0.1\r\n"
        for (name, value) in headers { head += "\(name): \(value)\r\n" }
        let body = rawBody ?? body?.serialized()
        if let body { head += "Content-Type: \(contentType)\r\nContent-Length: \(body.count)\r\n" }
        return Array((head + "\r\n").utf8) + (body ?? [])
    }
}
