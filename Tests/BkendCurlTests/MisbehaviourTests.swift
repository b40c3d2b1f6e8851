import BkendCurl
import BkendTransport
import HTTPTypes
import Testing

/// Servers, proxies and networks that don't keep to the rules.
@Suite(.timeLimit(.minutes(10)))
struct MisbehaviourTests {
    /// What a server writes before it closes, and how that has to be reported.
    struct Case: Sendable, CustomTestStringConvertible {
        var testDescription: String
        var answer: String
        var kind: TransportError.Kind
        var delivery: TransportError.Delivery
    }

    static let cases = [
        Case(
            testDescription: "nothing", answer: "", kind: .connectionLost, delivery: .mayHaveReachedServer),
        Case(
            testDescription: "half a status line", answer: "HTTP/1.", kind: .connectionLost,
            delivery: .mayHaveReachedServer),
        Case(
            testDescription: "half a head", answer: "HTTP/1.1 200 OK\r\nContent-Le", kind: .connectionLost,
            delivery: .mayHaveReachedServer),
        Case(
            testDescription: "half a body", answer: "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n12345",
            kind: .connectionLost, delivery: .answered),
        Case(
            testDescription: "no body", answer: "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n",
            kind: .connectionLost, delivery: .answered),
        Case(
            testDescription: "half a chunk",
            answer: "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab",
            kind: .connectionLost, delivery: .answered),
        Case(
            testDescription: "no last chunk",
            answer: "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n",
            kind: .connectionLost, delivery: .answered),
        Case(
            testDescription: "a chunk size that is none",
            answer: "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\nab\r\n0\r\n\r\n",
            kind: .malformedResponse, delivery: .answered),
        Case(
            testDescription: "something other than HTTP", answer: "SSH-2.0-OpenSSH_9.2\r\n\r\n",
            kind: .malformedResponse, delivery: .mayHaveReachedServer),
        Case(
            testDescription: "HTTP/0.9", answer: "<html>hello</html>", kind: .malformedResponse,
            delivery: .mayHaveReachedServer),
        Case(
            testDescription: "a negative length", answer: "HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\nabc",
            kind: .malformedResponse, delivery: .mayHaveReachedServer),
        Case(
            testDescription: "a field without a name", answer: "HTTP/1.1 200 OK\r\n: x\r\nContent-Length: 0\r\n\r\n",
            kind: .malformedResponse, delivery: .answered),
        Case(
            testDescription: "gzip that is none",
            answer: "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 9\r\n\r\nnot  gzip",
            kind: .decompression, delivery: .answered),
    ]

    @Test("A broken answer is an error that says what broke", arguments: cases)
    func brokenAnswerError(_ broken: Case) async throws {
        try await Harness.run { connection in
            _ = try connection.readRequest()
            try connection.write(broken.answer)
        } _: { harness async throws in
            let error = try await harness.failure(harness.request(.post, "/a?key=pk_secret", body: .bytes([1])))
            #expect(error.kind == broken.kind, "\(error)")
            #expect(error.delivery == broken.delivery, "\(error)")
            #expect(!error.isSafeToRetry)
            #expect(error.method == "POST")
            #expect(error.url == "http://127.0.0.1:\(harness.server.port)/a")
            #expect(harness.server.requests.count == 1)
        }
    }

    @Test("What arrived before a body broke off can be read first")
    func whatArrivedBefore() async throws {
        try await Harness.run { connection in
            _ = try connection.readRequest()
            try connection.write("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n12345")
        } _: { harness async throws in
            var received: [UInt8] = []
            let body = try await harness.transport.send(harness.request()).body
            await #expect(throws: TransportError.self) {
                for try await chunk in body { received += chunk }
            }
            #expect(received == Array("12345".utf8))
        }
    }

    @Test("A head without end is cut off", arguments: [true, false])
    func headWithoutEnd(isOneLine: Bool) async throws {
        try await Harness.run { connection in
            _ = try connection.readRequest()
            try connection.write("HTTP/1.1 200 OK\r\nX: ")
            while true { try connection.write(isOneLine ? "aaaaaaaaaaaaaaaa" : "aaaaaaaaaaaaaaa\r\nX: ") }
        } _: { harness async throws in
            let error = try await harness.failure(harness.request())
            #expect([.malformedResponse, .transportFailed].contains(error.kind), "\(error)")
            #expect(error.delivery == .mayHaveReachedServer)
            await eventually { harness.server.openConnectionCount == 0 }
        }
    }

    @Test("Interim answers without end are cut off")
    func interimAnswersWithout() async throws {
        try await Harness.run { connection in
            _ = try connection.readRequest()
            while true { try connection.write("HTTP/1.1 100 Continue\r\n\r\n") }
        } _: { harness async throws in
            let error = try await harness.failure(harness.request())
            #expect(error.kind == .malformedResponse)
            await eventually { harness.server.openConnectionCount == 0 }
        }
    }

    @Test("Bytes after the announced length are not part of the body")
    func bytesAfterAnnounced() async throws {
        try await Harness.run { connection in
            _ = try connection.readRequest()
            try connection.write("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nokHTTP/1.1 200 OK\r\n")
            connection.waitUntilClosed()
        } _: { harness async throws in
            #expect(try await harness.text(harness.request()) == "ok")
        }
    }

    @Test("Nobody listening is reported as not sent")
    func nobodyListeningReported() async throws {
        try await Harness.run { _ in
        } _: { harness async throws in
            var request = harness.request(.post, body: .bytes([1]))
            request.head.authority = "127.0.0.1:1"
            let error = try await harness.failure(request)
            #expect(error.kind == .cannotConnect)
            #expect(error.delivery == .notSent)
            #expect(error.isSafeToRetry)
            #expect(error.description.contains("http://127.0.0.1:1/"))
        }
    }

    @Test("A name without an address is reported as not sent")
    func nameWithoutAddress() async throws {
        let transport = try CurlTransport(configuration: CurlTransport.Configuration(plainHTTP: .everywhere))
        let head = HTTPRequest(method: .get, scheme: "http", authority: "no-such-host.invalid", path: "/")
        await #expect {
            try await transport.send(TransportRequest(head: head))
        } throws: { error in
            let error = error as? TransportError
            return error?.kind == .cannotResolveHost && error?.delivery == .notSent
        }
        await transport.shutdown()
    }
}
