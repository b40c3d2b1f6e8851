import BkendCurl
import BkendTransport
import HTTPTypes
import Testing

/// A raw server, a transport, and what most tests do with them.
struct Harness {
    let server: RawServer
    let transport: CurlTransport

    /// Runs a test body, and afterwards closes both ends.
    static func run(
        _ configuration: CurlTransport.Configuration = CurlTransport.Configuration(),
        script: @escaping RawServer.Script,
        _ body: (Harness) async throws -> Void
    ) async throws {
        let harness = Harness(
            server: try RawServer(script), transport: try CurlTransport(configuration: configuration))
        let result: Result<Void, any Error>
        do {
            try await body(harness)
            result = .success(())
        } catch {
            result = .failure(error)
        }
        await harness.transport.shutdown()
        harness.server.stop()
        try result.get()
    }

    /// A request to the server.
    func request(
        _ method: HTTPRequest.Method = .get,
        _ path: String = "/",
        fields: HTTPFields = [:],
        body: RequestBody = .none,
        timeouts: Timeouts = Timeouts(connect: .seconds(30), idle: .seconds(60)),
        replay: Replay? = nil,
        maximumResponseBytes: Int = 64 << 20
    ) -> TransportRequest {
        TransportRequest(
            head: HTTPRequest(
                method: method, scheme: "http", authority: "127.0.0.1:\(server.port)", path: path, headerFields: fields),
            body: body, timeouts: timeouts, replay: replay, maximumResponseBytes: maximumResponseBytes)
    }

    /// Sends and reads the whole body as text.
    func text(_ request: TransportRequest) async throws(TransportError) -> String {
        let response = try await transport.send(request)
        return String(decoding: try await response.body.collect(upTo: .max), as: UTF8.self)
    }

    /// Sends, reads the body, and expects one of them to fail.
    func failure(
        _ request: TransportRequest, sourceLocation: SourceLocation = #_sourceLocation
    ) async throws -> TransportError {
        do {
            _ = try await transport.send(request).body.collect(upTo: .max)
        } catch {
            return error
        }
        Issue.record("the request succeeded", sourceLocation: sourceLocation)
        throw RawError.closed
    }
}

/// Waits until a condition holds, looking every other millisecond so that whoever brings it about gets the processor.
/// A test that would wait for ever is ended by its time limit.
func eventually(_ condition: () -> Bool) async {
    while !condition() { try? await Task.sleep(for: .milliseconds(2)) }
}

/// Runs blocking work on a thread of its own: the cooperative pool has few, and the transfers need them.
func blocking<Value: Sendable>(_ body: @escaping @Sendable () throws -> Value) async throws -> Value {
    try await withCheckedThrowingContinuation { continuation in
        RawServer.startThread { continuation.resume(with: Result { try body() }) }
    }
}
