import BkendCurl
import BkendTransport
import HTTPTypes
import Testing

/// What many requests leave behind.
@Suite(.timeLimit(.minutes(10)))
struct ResourceTests {
    static let keepAlive: RawServer.Script = { connection in
        while true {
            _ = try connection.readRequest()
            try connection.answer()
        }
    }

    @Test("Ten thousand requests in turn and 64 at once leave no descriptor and no memory behind")
    func tenThousandRequests() async {
        await #expect(processExitsWith: .success) {
            try await Harness.run(script: Self.keepAlive) { harness async throws in
                try await Self.sendAtOnce(harness)
                try await Self.sendInTurn(harness, count: 1_000)
                let memory = Memory.resident
                let descriptors = Memory.descriptors
                let connections = harness.server.connectionCount
                // Of 64 requests at once some may find a connection that another has just left. Both ends are here.
                let spare = max(0, 64 - connections)
                try await Self.sendInTurn(harness, count: 10_000)
                try await Self.sendAtOnce(harness)
                try Exceeded.check(Memory.descriptors, below: descriptors + 2 * spare + 1)
                try Exceeded.check(harness.server.connectionCount, below: connections + spare + 1)
                try Exceeded.check(Memory.resident - memory, below: 8 << 20)
            }
        }
    }

    @Test("A transport that was shut down holds no descriptor")
    func transportShutDown() async {
        await #expect(processExitsWith: .success) {
            try await Harness.run(script: Self.keepAlive) { harness async throws in
                try await Self.sendAtOnce(harness)
                await harness.transport.shutdown()
                await eventually { harness.server.openConnectionCount == 0 }
                let descriptors = Memory.descriptors
                for _ in 0..<20 {
                    let another = Harness(server: harness.server, transport: try CurlTransport())
                    try await Self.sendAtOnce(another)
                    await another.transport.shutdown()
                    await eventually { harness.server.openConnectionCount == 0 }
                }
                // Another transport's epoll, timer and the like stay until it is let go of: one may still be.
                try Exceeded.check(Memory.descriptors, below: descriptors + 6)
            }
        }
    }

    @Test("Sixty-four requests at once share the connections allowed")
    func sixtyFourRequests() async throws {
        var configuration = CurlTransport.Configuration()
        configuration.maximumConnectionsPerHost = 8
        try await Harness.run(configuration, script: Self.keepAlive) { harness async throws in
            for _ in 0..<10 { try await Self.sendAtOnce(harness) }
            #expect(harness.server.openConnectionCount <= 8)
        }
    }

    static func sendInTurn(_ harness: Harness, count: Int) async throws {
        for index in 0..<count {
            let method = index % 2 == 0 ? HTTPRequest.Method.get : .post
            let body = index % 2 == 0 ? RequestBody.none : .bytes([1, 2, 3])
            let text = try await harness.text(harness.request(method, body: body))
            guard text == "ok" else { throw Exceeded() }
        }
    }

    static func sendAtOnce(_ harness: Harness) async throws {
        try await withThrowingTaskGroup(of: String.self) { group in
            for _ in 0..<64 { group.addTask { try await harness.text(harness.request()) } }
            for try await text in group where text != "ok" { throw Exceeded() }
        }
    }
}
