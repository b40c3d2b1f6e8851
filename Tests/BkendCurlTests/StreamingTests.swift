import BkendCurl
import BkendTransport
import Glibc
import HTTPTypes
import Synchronization
import Testing

/// Bodies that don't fit into memory, and those who don't keep up with them.
@Suite(.timeLimit(.minutes(10)))
struct StreamingTests {
    @Test("A large upload arrives whole", arguments: [true, false])
    func largeUploadArrives(hasLength: Bool) async throws {
        try await Harness.run { connection in
            let request = try connection.readRequest()
            let isRight = request.body == Array(repeating: 120, count: request.body.count)
            try connection.answer("\(request.body.count) \(isRight)")
        } _: { harness async throws in
            let total = 100 * 50_000
            let body = RequestBody.stream(length: hasLength ? Int64(total) : nil, Pieces(count: 100, size: 50_000))
            #expect(try await harness.text(harness.request(.put, body: body)) == "\(total) true")
            let request = harness.server.requests[0]
            #expect(request.field("content-length") == (hasLength ? "\(total)" : nil))
            #expect(request.field("transfer-encoding") == (hasLength ? nil : "chunked"))
        }
    }

    @Test("A large download arrives whole")
    func largeDownloadArrives() async throws {
        let block = (0..<100_003).map { UInt8(truncatingIfNeeded: $0 / 7) }
        let whole = (0..<200).reduce(into: [UInt8]()) { whole, _ in whole += block }
        try await Harness.run { connection in
            _ = try connection.readRequest()
            try connection.answer(whole)
        } _: { harness async throws in
            let body = try await harness.transport.send(harness.request()).body
            var received: [UInt8] = []
            for try await chunk in body { received += chunk }
            let isWhole = received == whole
            #expect(isWhole)
        }
    }

    @Test("An upload waits for a server that does not read")
    func uploadWaitsServer() async throws {
        let gate = Gate()
        try await Harness.run { connection in
            _ = try connection.readHead()
            gate.wait()
            connection.waitUntilClosed()
        } _: { harness async throws in
            defer { gate.open() }
            let written = Atomic(0)
            let body = RequestBodyStream(length: nil) { write in
                while true {
                    try await write(Array(repeating: 0, count: 100_000))
                    written.add(100_000, ordering: .relaxed)
                }
            }
            let request = harness.request(.post, body: .stream(body), timeouts: Timeouts(idle: .milliseconds(150)))
            let error = try await harness.failure(request)
            #expect(error.kind == .idleTimedOut)
            #expect(error.delivery == .mayHaveReachedServer)
            // What the sockets' buffers take (some megabytes on loopback) and a little of our own.
            #expect(written.load(ordering: .relaxed) < 16_000_000)
        }
    }

    @Test("A download waits for a caller that does not read")
    func downloadWaitsCaller() async throws {
        let written = Atomic(0)
        try await Harness.run { connection in
            _ = try connection.readRequest()
            try connection.write("HTTP/1.1 200 OK\r\n\r\n")
            let piece = Array(repeating: UInt8(0), count: 100_000)
            for _ in 0..<1_000 {
                try connection.write(piece)
                written.add(piece.count, ordering: .relaxed)
            }
        } _: { harness async throws in
            let request = harness.request(maximumResponseBytes: .max)
            let body = try await harness.transport.send(request).body
            // The server comes to a stand when our buffer and the sockets' are full.
            var last = -1
            while last != written.load(ordering: .relaxed) {
                last = written.load(ordering: .relaxed)
                try await Task.sleep(for: .milliseconds(100))  // standing still can only be seen over time
            }
            #expect(last < 50_000_000)
            var count = 0
            for try await chunk in body { count += chunk.count }
            #expect(count == 100_000_000)
        }
    }

    @Test("A stream shorter than announced fails the request")
    func streamShorterThan() async throws {
        try await Harness.run(script: LimitTests.silence) { harness async throws in
            let body = RequestBody.stream(length: 10, Pieces(count: 1, size: 3))
            let error = try await harness.failure(harness.request(.post, body: body))
            #expect(error.kind == .invalidRequest)
            #expect(error.reason.contains("3 of 10 bytes"))
        }
    }

    @Test("A stream longer than announced fails the request")
    func streamLongerThan() async throws {
        try await Harness.run(script: LimitTests.silence) { harness async throws in
            let body = RequestBody.stream(length: 2, Pieces(count: 1, size: 3))
            let error = try await harness.failure(harness.request(.post, body: body))
            #expect(error.kind == .invalidRequest)
            #expect(error.reason.contains("longer"))
        }
    }

    @Test("A stream that throws fails the request without its secrets")
    func streamThrowsFails() async throws {
        struct Broken: Error, CustomStringConvertible {
            var description: String { "no file for sk_0123456789" }
        }
        try await Harness.run(script: LimitTests.silence) { harness async throws in
            let body = RequestBodyStream(length: nil) { write in
                try await write([1, 2, 3])
                throw Broken()
            }
            let error = try await harness.failure(harness.request(.post, body: .stream(body)))
            #expect(error.kind == .requestBodyFailed)
            #expect(error.delivery == .mayHaveReachedServer)
            #expect(error.reason.contains("no file for sk_…"))
        }
    }

    @Test("The producer is stopped when the transfer ends")
    func producerStoppedWhen() async throws {
        let hasStopped = Atomic(false)
        try await Harness.run { connection in
            _ = try connection.readHead()
            try connection.answer("", status: "413 Content Too Large", fields: ["Connection: close"])
        } _: { harness async throws in
            let body = RequestBodyStream(length: nil) { write in
                defer { hasStopped.store(true, ordering: .relaxed) }
                while true { try await write(Array(repeating: 0, count: 10_000)) }
            }
            let response = try await harness.transport.send(harness.request(.post, body: .stream(body)))
            #expect(response.head.status == .contentTooLarge)
            _ = try await response.body.collect(upTo: 0)
            await eventually { hasStopped.load(ordering: .relaxed) }
        }
    }
}

/// Holds a server's thread until the test lets it go.
final class Gate: Sendable {
    private let isOpen = Atomic(false)

    func open() { isOpen.store(true, ordering: .releasing) }

    func wait() {
        while !isOpen.load(ordering: .acquiring) { usleep(1_000) }
    }
}
