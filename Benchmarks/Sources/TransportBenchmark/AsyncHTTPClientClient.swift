import AsyncHTTPClient
import NIOCore
import NIOHTTP1

/// AsyncHTTPClient with its shared event loops. By default it keeps 8 connections to a host; here as many as the
/// others may have.
struct AsyncHTTPClientClient: TaskClient {
    let name = "AsyncHTTPClient"
    private let client: HTTPClient
    private let request: HTTPClientRequest

    init(_ target: Target) {
        var configuration = HTTPClient.Configuration()
        configuration.connectionPool.concurrentHTTP1ConnectionsPerHostSoftLimit = 32
        client = HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration)
        var request = HTTPClientRequest(url: target.url)
        request.headers.add(name: Target.keyName, value: Target.key)
        self.request = request
    }

    func getOnce() async throws {
        let response = try await client.execute(request, timeout: .seconds(30))
        try Target.check(try await response.body.collect(upTo: 1 << 20).readableBytes)
    }

    func close() async throws { try await client.shutdown() }
}
