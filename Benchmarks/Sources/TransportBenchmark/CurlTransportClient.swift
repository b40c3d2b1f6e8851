import BkendCurl
import BkendTransport
import HTTPTypes

/// Ours, as `BkendClient` uses it.
struct CurlTransportClient: TaskClient {
    let name = "CurlTransport"
    private let transport: CurlTransport
    private let head: HTTPRequest

    init(_ target: Target) throws {
        transport = try CurlTransport()
        var head = HTTPRequest(
            method: .get, scheme: "http", authority: "127.0.0.1:\(target.port)", path: Target.path)
        if let name = HTTPField.Name(Target.keyName) { head.headerFields[name] = Target.key }
        self.head = head
    }

    func getOnce() async throws {
        let response = try await transport.send(TransportRequest(head: head))
        try Target.check(try await response.body.collect(upTo: 1 << 20).count)
    }

    func close() async throws { await transport.shutdown() }
}
