import BkendTransport
import Foundation
import Glibc
import HTTPTypes
import Synchronization
import Testing

@testable import BkendCurl

/// Ways in which a transfer could be left alone for ever, end for the wrong reason, or keep the loop busy.
@Suite(.timeLimit(.minutes(10)))
struct ForgottenTests {
    /// Eight million zeros in some kilobytes, which libcurl reads and decompresses at once.
    private static let expanding = Result { try Zeros.gzipped(8_000_000, level: 9) }

    @Test("A body refused while its transfer goes on again ends it")
    func bodyRefusedWhile() async throws {
        let body = try Self.expanding.get()
        try await Harness.run { connection in
            _ = try connection.readRequest()
            try connection.answer(body, fields: ["Content-Encoding: gzip"])
            connection.waitUntilClosed()
        } _: { harness async throws in
            // Beyond what is kept for a slow reader, so that the limit is met when the paused transfer goes on.
            let timeouts = Timeouts(idle: .seconds(5))
            let error = try await harness.failure(
                harness.request(timeouts: timeouts, maximumResponseBytes: 6_000_000))
            #expect(error.kind == .bodyTooLarge)
            #expect(error.delivery == .answered)
        }
    }

    @Test("A transport shut down under a body that comes from itself ends both")
    func transportShutDown() async {
        await #expect(processExitsWith: .success) {
            try await Harness.run { connection in
                let request = try connection.readHead()
                guard request.hasPrefix("GET") else { return connection.waitUntilClosed() }
                try connection.write("HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\nx")
                connection.waitUntilClosed()
            } _: { harness async throws in
                let began = Atomic(false)
                let body = RequestBodyStream(length: nil) { write in
                    for try await chunk in try await harness.transport.send(harness.request()).body {
                        began.store(true, ordering: .sequentiallyConsistent)
                        try await write(chunk)
                    }
                }
                let sending = Task { try await harness.text(harness.request(.post, body: .stream(body))) }
                await eventually { began.load(ordering: .sequentiallyConsistent) }
                await harness.transport.shutdown()
                guard case .failure = await sending.result else { throw Exceeded() }
            }
        }
    }

    @Test("Requests that are cancelled while their transport is shut down end, and so does it")
    func requestsCancelledWhile() async throws {
        let server = try RawServer(ResourceTests.keepAlive)
        defer { server.stop() }
        for _ in 0..<150 {
            let transport = try CurlTransport()
            let harness = Harness(server: server, transport: transport)
            let requests = (0..<6).map { _ in
                Task.detached { while !Task.isCancelled { _ = try? await harness.text(harness.request()) } }
            }
            _ = try? await harness.text(harness.request())
            let closing = Task.detached { await transport.shutdown() }
            for request in requests { request.cancel() }
            await closing.value
            for request in requests { await request.value }
        }
    }

    @Test("No child process inherits a connection")
    func noChildProcess() async throws {
        try await Harness.run(script: ResourceTests.keepAlive) { harness async throws in
            _ = try await harness.text(harness.request())
            let connections = Self.connections(to: harness.server.port)
            #expect(!connections.isEmpty)
            #expect(connections.allSatisfy { fcntl($0, F_GETFD) & FD_CLOEXEC != 0 })
        }
    }

    @Test("A connection that another process still has keeps no thread busy")
    func connectionAnotherProcess() async throws {
        let wakings = Atomic(0)
        let server = try RawServer { connection in
            _ = try connection.readRequest()
            try connection.answer(fields: ["Connection: close"])
            connection.reset()
        }
        let transport = try CurlTransport(
            configuration: CurlTransport.Configuration(), watchdog: Watchdog(),
            trace: { if case .woke = $0 { wakings.add(1, ordering: .relaxed) } })
        let harness = Harness(server: server, transport: transport)
        var kept: [Int32] = []
        for _ in 0..<10 {
            let body = try await transport.send(harness.request()).body
            kept += Self.connections(to: server.port).map { dup($0) }
            _ = try await body.collect(upTo: .max)
        }
        let before = wakings.load(ordering: .relaxed)
        for _ in 0..<100 { _ = try await harness.text(harness.request()) }
        #expect(wakings.load(ordering: .relaxed) - before < 2_000)
        for descriptor in kept { close(descriptor) }
        await transport.shutdown()
        server.stop()
    }

    // MARK: The watchdog

    @Test("A socket that fell out of the kernel's set is found, counted and read")
    func socketFellOut() async throws {
        let found = Mutex<[Watchdog.Forgotten]>([])
        let gate = Gate()
        let sockets = Mutex<Set<Int32>>([])
        let server = try RawServer { connection in
            _ = try connection.readRequest()
            gate.wait()
            try connection.answer("found")
            connection.waitUntilClosed()
        }
        let transport = try CurlTransport(
            configuration: CurlTransport.Configuration(),
            watchdog: Watchdog(every: .milliseconds(20)) { forgotten in found.withLock { $0.append(forgotten) } },
            trace: { if case .placed(let socket, .far) = $0 { sockets.withLock { _ = $0.insert(socket) } } })
        let harness = Harness(server: server, transport: transport)
        let answer = Task { try await harness.text(harness.request(timeouts: Timeouts(idle: nil))) }
        await eventually { server.requests.count == 1 && sockets.withLock { !$0.isEmpty } }
        for socket in sockets.withLock({ $0 }) { transport.loop.poller.remove(socket) }
        gate.open()
        #expect(try await answer.value == "found")
        #expect(found.withLock { $0 } == [.socket])
        await transport.shutdown()
        server.stop()
    }

    @Test("A timer that was lost is found, and the deadline kept")
    func timerLostFound() async throws {
        let found = Mutex<[Watchdog.Forgotten]>([])
        let server = try RawServer { connection in
            _ = try connection.readRequest()
            connection.waitUntilClosed()
        }
        let transport = try CurlTransport(
            configuration: CurlTransport.Configuration(),
            watchdog: Watchdog(every: .milliseconds(20)) { forgotten in found.withLock { $0.append(forgotten) } },
            trace: nil)
        let harness = Harness(server: server, transport: transport)
        let answer = Task { try await harness.failure(harness.request(timeouts: Timeouts(idle: .milliseconds(300)))) }
        await eventually { server.requests.count == 1 }
        // Far away, behind the loop's back.
        transport.loop.poller.setTimer(Poller.now() + 3_600_000_000_000)
        #expect(try await answer.value.kind == .idleTimedOut)
        // Its looks are so close together here that one may meet the deadline itself, and nothing was forgotten.
        #expect(found.withLock { $0.allSatisfy { $0 == .deadline } })
        await transport.shutdown()
        server.stop()
    }

    @Test("What was set right in time is not told as forgotten")
    func whatSetRight() {
        var watchdog = Watchdog(every: .seconds(1))
        #expect(watchdog.starts() && !watchdog.starts())
        #expect(watchdog.forgotten(of: [(4, false), (5, false)]).isEmpty)
        #expect(watchdog.forgotten(of: [(4, false), (5, true)]) == [4])
        #expect(watchdog.isForgotten(deadline: 1, now: 100_000_001))
        #expect(!watchdog.isForgotten(deadline: 2, now: 100_000_001))
        watchdog.hasSeenTimer = true
        #expect(!watchdog.isForgotten(deadline: 1, now: 100_000_001))
        watchdog.rest()
        #expect(watchdog.starts() && watchdog.forgotten(of: [(4, false)]).isEmpty)
    }

    /// This process's descriptors of connections to a port, the server's own ends not included.
    private static func connections(to port: Int) -> [Int32] {
        (3..<1_024).filter { descriptor in
            var address = sockaddr_in()
            var length = socklen_t(MemoryLayout<sockaddr_in>.size)
            let isConnected = withUnsafeMutablePointer(to: &address) { pointer in
                pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { getpeername(descriptor, $0, &length) == 0 }
            }
            return isConnected && address.sin_family == sa_family_t(AF_INET)
                && Int(UInt16(bigEndian: address.sin_port)) == port
        }
    }
}
