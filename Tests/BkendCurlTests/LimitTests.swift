import BkendCurl
import BkendTransport
import HTTPTypes
import Testing

/// Time-outs, cancellation and shutting down.
@Suite(.timeLimit(.minutes(10)))
struct LimitTests {
    static let silence: RawServer.Script = { connection in
        _ = try connection.readRequest()
        connection.waitUntilClosed()
    }

    @Test("A silent server runs into the idle time-out")
    func silentServerRuns() async throws {
        try await Harness.run(script: Self.silence) { harness async throws in
            let error = try await harness.failure(
                harness.request(.post, body: .bytes([1]), timeouts: Timeouts(idle: .milliseconds(30))))
            #expect(error.kind == .idleTimedOut)
            #expect(error.delivery == .mayHaveReachedServer)
            #expect(!error.isSafeToRetry)
            await eventually { harness.server.openConnectionCount == 0 }
        }
    }

    @Test("A body that stalls runs into the idle time-out")
    func bodyStallsRuns() async throws {
        try await Harness.run { connection in
            _ = try connection.readRequest()
            try connection.write("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n123")
            connection.waitUntilClosed()
        } _: { harness async throws in
            let error = try await harness.failure(harness.request(timeouts: Timeouts(idle: .milliseconds(30))))
            #expect(error.kind == .idleTimedOut)
            #expect(error.delivery == .answered)
        }
    }

    @Test("A body that trickles runs into the total time-out, not the idle one")
    func bodyTricklesRuns() async throws {
        try await Harness.run { connection in
            _ = try connection.readRequest()
            try connection.write("HTTP/1.1 200 OK\r\n\r\n")
            while true { try connection.write("x") }
        } _: { harness async throws in
            let timeouts = Timeouts(total: .milliseconds(60))
            let body = try await harness.transport.send(harness.request(timeouts: timeouts)).body
            await #expect {
                for try await _ in body {}
            } throws: { error in
                (error as? TransportError)?.kind == .totalTimedOut
            }
        }
    }

    @Test("A server that does not take the connection runs into the connect time-out")
    func serverDoesNot() async throws {
        // TLS to a server that says nothing: connected, but never ready.
        try await Harness.run { connection in
            connection.waitUntilClosed()
        } _: { harness async throws in
            var request = harness.request(.post, body: .bytes([1]), timeouts: Timeouts(connect: .milliseconds(30)))
            request.head.scheme = "https"
            let error = try await harness.failure(request)
            #expect(error.kind == .connectTimedOut)
            #expect(error.delivery == .notSent)
            #expect(error.isSafeToRetry)
        }
    }

    @Test("Time that this side takes does not count as silence")
    func timeThisSide() async throws {
        try await Harness.run { connection in
            let request = try connection.readRequest()
            try connection.answer("\(request.body.count)")
        } _: { harness async throws in
            let body = RequestBodyStream(length: nil) { write in
                try await write([1, 2, 3])
                try await Task.sleep(for: .milliseconds(1_500))  // longer than the idle time-out: that is the point
                try await write([4])
            }
            let request = harness.request(.post, body: .stream(body), timeouts: Timeouts(idle: .seconds(1)))
            #expect(try await harness.text(request) == "4")
        }
    }

    @Test("Cancelling stops the transfer and closes its connection")
    func cancellingStopsTransfer() async throws {
        try await Harness.run(script: Self.silence) { harness async throws in
            let task = Task { try await harness.text(harness.request(.post, body: .bytes([1]))) }
            await eventually { harness.server.requests.count == 1 }
            task.cancel()
            await #expect {
                try await task.value
            } throws: { error in
                let error = error as? TransportError
                return error?.kind == .cancelled && error?.delivery == .mayHaveReachedServer
            }
            await eventually { harness.server.openConnectionCount == 0 }
        }
    }

    @Test("Cancelling while reading the body stops the transfer")
    func cancellingWhileReading() async throws {
        try await Harness.run { connection in
            _ = try connection.readRequest()
            try connection.write("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n123")
            connection.waitUntilClosed()
        } _: { harness async throws in
            let body = try await harness.transport.send(harness.request()).body
            var iterator = body.makeAsyncIterator()
            #expect(try await iterator.next() == Array("123".utf8))
            let task = Task {
                var iterator = body.makeAsyncIterator()
                return try await iterator.next()
            }
            task.cancel()
            await #expect {
                try await task.value
            } throws: { error in
                (error as? TransportError)?.kind == .cancelled
            }
            await eventually { harness.server.openConnectionCount == 0 }
        }
    }

    @Test("A task that is cancelled already sends nothing")
    func taskCancelledAlready() async throws {
        try await Harness.run(script: Self.silence) { harness async throws in
            let task = Task {
                while !Task.isCancelled { await Task.yield() }
                return try await harness.text(harness.request(.post, body: .bytes([1])))
            }
            task.cancel()
            await #expect {
                try await task.value
            } throws: { error in
                let error = error as? TransportError
                return error?.kind == .cancelled && error?.delivery == .notSent && error?.isSafeToRetry == true
            }
            #expect(harness.server.connectionCount == 0)
        }
    }

    @Test("A body let go of unread closes its connection")
    func bodyLetGo() async throws {
        try await Harness.run { connection in
            _ = try connection.readRequest()
            try connection.write("HTTP/1.1 200 OK\r\nContent-Length: 1000000000\r\n\r\n123")
            connection.waitUntilClosed()
        } _: { harness async throws in
            let status = try await harness.transport.send(harness.request()).head.status
            #expect(status == .ok)
            await eventually { harness.server.openConnectionCount == 0 }
        }
    }

    @Test("Shutting down fails what is in flight and what comes later")
    func shuttingDownFails() async throws {
        try await Harness.run(script: Self.silence) { harness async throws in
            let task = Task { try await harness.text(harness.request(.post, body: .bytes([1]))) }
            await eventually { harness.server.requests.count == 1 }
            await harness.transport.shutdown()
            await #expect {
                try await task.value
            } throws: { error in
                let error = error as? TransportError
                return error?.kind == .shutDown && error?.delivery == .mayHaveReachedServer
            }
            let error = try await harness.failure(harness.request(.post, body: .bytes([1])))
            #expect(error.kind == .shutDown)
            #expect(error.delivery == .notSent)
            await harness.transport.shutdown()
            await eventually { harness.server.openConnectionCount == 0 }
        }
    }

    @Test("A transport let go of closes its connections")
    func transportLetGo() async throws {
        let server = try RawServer { connection in
            while true {
                _ = try connection.readRequest()
                try connection.answer()
            }
        }
        defer { server.stop() }
        do {
            let harness = Harness(server: server, transport: try CurlTransport())
            #expect(try await harness.text(harness.request()) == "ok")
            #expect(server.openConnectionCount == 1)
        }
        await eventually { server.openConnectionCount == 0 }
    }
}
