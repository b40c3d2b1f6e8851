import BkendCurl
import BkendTransport
import HTTPTypes
import Testing

/// libcurl sends a request again when a kept-alive connection dies before the answer. A write must not be.
@Suite(.timeLimit(.minutes(10)))
struct ResendTests {
    /// Answers the first request of a connection and kills the connection after reading the second one.
    static let killsSecondRequest: RawServer.Script = { connection in
        _ = try connection.readRequest()
        try connection.answer()
        _ = try connection.readRequest()
        if connection.index == 1 { return }
        try connection.answer("from another connection")
    }

    static let bodies: [RequestBody?] = [
        nil, .bytes([]), .bytes([1]), .bytes(Array(repeating: 65, count: 1_000)),
        .bytes(Array(repeating: 65, count: 70_000)), .bytes(Array(repeating: 65, count: 3_000_000)),
        .stream(length: 5, Pieces(count: 5, size: 1)), .stream(length: nil, Pieces(count: 3, size: 100_000)),
    ]

    @Test(
        "A write whose connection dies is sent once and its fate is in doubt", arguments: bodies.indices, [false, true])
    func writeWhoseConnection(
        index: Int, resets: Bool
    ) async throws {
        let body = Self.bodies[index]
        try await Harness.run { connection in
            _ = try connection.readRequest()
            try connection.answer()
            _ = try connection.readRequest()
            if resets { connection.reset() }
        } _: { harness async throws in
            _ = try await harness.text(harness.request())
            let error = try await harness.failure(harness.request(.post, "/create", body: body ?? .none))
            #expect(error.kind == .connectionLost)
            #expect(error.delivery == .mayHaveReachedServer)
            #expect(!error.isSafeToRetry)
            await harness.transport.shutdown()
            await eventually { harness.server.openConnectionCount == 0 }
            #expect(harness.server.requests.filter { $0.method == "POST" }.count == 1)
            #expect(error.reason.contains("must not be sent twice"))
        }
    }

    @Test("A connection that died at rest before a write costs nothing")
    func connectionDiedRest() async throws {
        try await Harness.run { connection in
            _ = try connection.readRequest()
            try connection.answer()
        } _: { harness async throws in
            _ = try await harness.text(harness.request())
            await eventually { harness.server.openConnectionCount == 0 }
            #expect(try await harness.text(harness.request(.post, body: .bytes([1]))) == "ok")
            #expect(harness.server.requests.map(\.method) == ["GET", "POST"])
        }
    }

    @Test("A read whose connection dies is repeated")
    func readWhoseConnection() async throws {
        try await Harness.run { connection in
            _ = try connection.readRequest()
            if connection.index > 1 { return try connection.answer("again") }
            try connection.answer()
            _ = try connection.readRequest()
        } _: { harness async throws in
            _ = try await harness.text(harness.request())
            #expect(try await harness.text(harness.request(.get, "/twice")) == "again")
            #expect(harness.server.requests.map(\.method) == ["GET", "GET", "GET"])
        }
    }

    @Test("A PUT marked idempotent is repeated with its whole body")
    func putMarkedIdempotent() async throws {
        let body = Array(repeating: UInt8(7), count: 200_000)
        try await Harness.run { connection in
            _ = try connection.readRequest()
            if connection.index > 1 { return try connection.answer("again") }
            try connection.answer()
            _ = try connection.readRequest()
        } _: { harness async throws in
            _ = try await harness.text(harness.request())
            #expect(try await harness.text(harness.request(.put, body: .bytes(body))) == "again")
            #expect(harness.server.requests.map(\.body) == [[], body, body])
        }
    }

    @Test("A GET marked as never to be repeated is sent once")
    func getMarkedAs() async throws {
        try await Harness.run(script: Self.killsSecondRequest) { harness async throws in
            _ = try await harness.text(harness.request())
            let error = try await harness.failure(harness.request(.get, "/claim", replay: .never))
            #expect(error.delivery == .mayHaveReachedServer)
            #expect(harness.server.requests.count == 2)
        }
    }
}

/// A sequence of equal pieces of a body.
struct Pieces: AsyncSequence, Sendable {
    var count: Int
    var size: Int

    struct AsyncIterator: AsyncIteratorProtocol {
        var left: Int
        let size: Int

        mutating func next() async -> [UInt8]? {
            guard left > 0 else { return nil }
            left -= 1
            return Array(repeating: 120, count: size)
        }
    }

    func makeAsyncIterator() -> AsyncIterator { AsyncIterator(left: count, size: size) }
}
