/// A request as bytes.
package struct Request: Sendable {
    package var method = "GET"
    package var path: String
    package var headers: [(String, String)] = []
    package var body: [UInt8]?

    /// A request without a body.
    package init(_ method: String = "GET", _ path: String, key: String? = nil, token: String? = nil) {
        self.method = method
        self.path = path
        if let key { headers.append(("X-API-Key", key)) }
        if let token { headers.append(("Authorization", "Bearer \(token)")) }
    }

    /// A request with JSON.
    package init(_ method: String, _ path: String, key: String?, token: String? = nil, json: String) {
        self.init(method, path, key: key, token: token)
        body = Array(json.utf8)
    }

    /// What goes over the wire.
    package var bytes: [UInt8] {
        var head = "\(method) \(path) HTTP/1.1\r\nHost: 127.0.0.1\r\n"
        for (name, value) in headers { head += "\(name): \(value)\r\n" }
        if let body { head += "Content-Type: application/json\r\nContent-Length: \(body.count)\r\n" }
        return Array((head + "\r\n").utf8) + (body ?? [])
    }
}
