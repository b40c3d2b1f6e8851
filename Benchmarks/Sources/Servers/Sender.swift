package import BkendTransport
package import HTTPTypes

/// Sends what prepares a measurement.
package struct Sender {
    private let transport: any HTTPTransport
    private let port: Int

    /// To a server on 127.0.0.1.
    package init(transport: any HTTPTransport, port: Int) {
        self.transport = transport
        self.port = port
    }

    /// The body of an answer of status 2xx.
    package func send(
        _ method: HTTPRequest.Method, _ path: String, _ key: String, token: String? = nil, body: [UInt8]? = nil
    ) async throws -> [UInt8] {
        var head = HTTPRequest(method: method, scheme: "http", authority: "127.0.0.1:\(port)", path: path)
        if let name = HTTPField.Name("X-API-Key") { head.headerFields[name] = key }
        if let token { head.headerFields[.authorization] = "Bearer \(token)" }
        if body != nil { head.headerFields[.contentType] = "application/json" }
        let request = TransportRequest(head: head, body: body.map { .bytes($0) } ?? .none)
        let response = try await transport.send(request)
        let bytes = try await response.body.collect(upTo: 16 << 20)
        guard (200...299).contains(response.head.status.code) else {
            throw BenchmarkFailure("\(path): \(response.head.status): \(String(decoding: bytes, as: UTF8.self))")
        }
        return bytes
    }
}
