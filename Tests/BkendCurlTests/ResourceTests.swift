import BkendCurl
import BkendTransport
import HTTPTypes
import Testing

/// Runs alone: it counts what the whole process holds.
@Suite(.serialized, .timeLimit(.minutes(1)))
struct ResourceTests {
    static let keepAlive: RawServer.Script = { connection in
        while true {
            _ = try connection.readRequest()
            try connection.answer()
        }
    }

    @Test func `Ten thousand requests in turn leave nothing behind`() async throws {
        try await Harness.run(script: Self.keepAlive) { harness async throws in
            for _ in 0..<2_000 { _ = try await harness.text(harness.request()) }
            let memory = Memory.resident
            let descriptors = Memory.descriptors
            for index in 0..<10_000 {
                let method = index % 2 == 0 ? HTTPRequest.Method.get : .post
                let body = index % 2 == 0 ? RequestBody.none : .bytes([1, 2, 3])
                #expect(try await harness.text(harness.request(method, body: body)) == "ok")
            }
            #expect(harness.server.connectionCount == 1)
            #expect(Memory.resident - memory < 24 << 20)
            #expect(abs(Memory.descriptors - descriptors) < 64)  // other suites run beside this one
        }
    }

    @Test func `Sixty-four requests at once share the connections allowed`() async throws {
        var configuration = CurlTransport.Configuration()
        configuration.maximumConnectionsPerHost = 8
        try await Harness.run(configuration, script: Self.keepAlive) { harness async throws in
            for _ in 0..<10 {
                try await withThrowingTaskGroup(of: String.self) { group in
                    for _ in 0..<64 { group.addTask { try await harness.text(harness.request()) } }
                    for try await text in group { #expect(text == "ok") }
                }
            }
            #expect(harness.server.openConnectionCount <= 8)
        }
    }
}
