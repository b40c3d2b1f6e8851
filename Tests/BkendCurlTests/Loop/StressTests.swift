import BkendTransport
import Foundation
import Glibc
import HTTPTypes
import Synchronization
import Testing

@testable import BkendCurl

/// Requests of every kind at once, with pauses, cancellations and time-outs by chance, on cores that other threads keep
/// busy. `make stress-transport` runs it for as long as it is told.
@Suite(.timeLimit(.minutes(1_440)))
struct StressTests {
    /// What a request is to go through.
    private enum Kind: String, CaseIterable {
        case get, post, slow, download, upload, cancelled, silent, reset, closing

        /// Of a hundred.
        private static let shares: [(Kind, Int)] = [
            (.get, 40), (.post, 20), (.slow, 10), (.download, 3), (.upload, 3), (.cancelled, 12), (.silent, 2),
            (.reset, 3), (.closing, 7),
        ]

        static func random() -> Kind {
            var rest = Int.random(in: 0..<100)
            for (kind, share) in shares {
                rest -= share
                if rest < 0 { return kind }
            }
            return .get
        }
    }

    /// What all tasks and threads share.
    private final class Tally: Sendable {
        let counts = Mutex(Counts())
        let isOver = Atomic(false)
    }

    private struct Counts {
        var requests = 0
        var byKind: [Kind: Int] = [:]
        var failures: [String] = []
        var forgotten: [Watchdog.Forgotten] = []
    }

    private static let download = (0..<1_500_000).map { UInt8(truncatingIfNeeded: $0 / 251) }

    private static let script: RawServer.Script = { connection in
        while true {
            let head = try connection.readHead()
            let request = RawRequest(head: head, body: [])
            if let length = request.field("content-length").flatMap(Int.init) {
                _ = try connection.readBytes(length)
            } else if request.field("transfer-encoding") == "chunked" {
                _ = try connection.readChunks()
            }
            switch head.split(separator: " ").dropFirst().first {
            case "/slow": usleep(UInt32.random(in: 100...20_000))
            case "/silent": return connection.waitUntilClosed()
            case "/reset": return connection.reset()
            case "/download":
                try connection.answer(download)
                continue
            case "/closing": return try connection.answer(fields: ["Connection: close"])
            default: break
            }
            try connection.answer()
        }
    }

    @Test("No request is left waiting")
    func noRequestLeft() async throws {
        let seconds = ProcessInfo.processInfo.environment["BKEND_STRESS_SECONDS"].flatMap(Double.init)
        let end = Poller.now() + UInt64((seconds ?? 3_600) * 1e9)
        let limit = seconds == nil ? 1_500 : Int.max
        let tally = Tally()
        // Two for each core: nobody else gets one whole.
        for _ in 0..<2 * ProcessInfo.processInfo.activeProcessorCount {
            RawServer.startThread {
                while !tally.isOver.load(ordering: .relaxed) {
                    for _ in 0..<UInt32.random(in: 1...2_000_000) where tally.isOver.load(ordering: .relaxed) { return }
                    usleep(UInt32.random(in: 0...3_000))
                }
            }
        }
        let server = try RawServer(Self.script)
        try await withThrowingTaskGroup(of: Void.self) { group in
            for connections in [1, 3, 32] {
                let transport = try CurlTransport(
                    configuration: CurlTransport.Configuration(maximumConnectionsPerHost: connections),
                    watchdog: Watchdog(every: .seconds(2)) { forgotten in
                        tally.counts.withLock { $0.forgotten.append(forgotten) }
                    }, trace: nil)
                let harness = Harness(server: server, transport: transport)
                group.addTask {
                    await withTaskGroup(of: Void.self) { group in
                        for _ in 0..<8 {
                            group.addTask {
                                while Poller.now() < end, tally.counts.withLock({ $0.requests < limit }) {
                                    await Self.send(.random(), harness, tally)
                                }
                            }
                        }
                    }
                    await transport.shutdown()
                }
            }
            try await group.waitForAll()
        }
        tally.isOver.store(true, ordering: .relaxed)
        server.stop()
        let result = tally.counts.withLock { $0 }
        let kinds = result.byKind.sorted { $0.key.rawValue < $1.key.rawValue }.map { "\($0.key) \($0.value)" }
        print(
            "transport stress: \(result.requests) requests (\(kinds.joined(separator: ", "))),",
            "\(result.failures.count) left waiting, \(result.forgotten.count) found by the watchdog, load",
            Kernel.file("/proc/loadavg").prefix(14))
        #expect(result.failures.isEmpty, "\(result.failures.prefix(5))")
        #expect(result.forgotten.isEmpty)
    }

    private static func send(_ kind: Kind, _ harness: Harness, _ tally: Tally) async {
        let patience = Timeouts(connect: .seconds(60), idle: .seconds(60), total: .seconds(120))
        var failure: String?
        do throws(TransportError) {
            switch kind {
            case .get, .slow, .closing, .reset:
                _ = try await harness.text(harness.request(.get, "/\(kind)", timeouts: patience))
            case .post:
                let body = RequestBody.bytes(Array(repeating: 7, count: .random(in: 1...5_000)))
                _ = try await harness.text(harness.request(.post, "/post", body: body, timeouts: patience))
            case .download:
                let body = try await harness.transport.send(harness.request(.get, "/download", timeouts: patience)).body
                var bytes = 0
                for try await chunk in body {
                    bytes += chunk.count
                    if bytes % 7 == 0 { try? await Task.sleep(for: .microseconds(Int.random(in: 0...500))) }
                }
                if bytes != download.count { failure = "\(bytes) bytes of a download" }
            case .upload:
                let body = RequestBodyStream(length: nil) { write in
                    for _ in 0..<20 {
                        try await write(Array(repeating: 1, count: .random(in: 1...20_000)))
                        if Bool.random() { try? await Task.sleep(for: .microseconds(Int.random(in: 0...500))) }
                    }
                }
                _ = try await harness.text(harness.request(.post, "/upload", body: .stream(body), timeouts: patience))
            case .cancelled:
                let task = Task { try await harness.text(harness.request(.get, "/slow", timeouts: patience)) }
                if Bool.random() { try? await Task.sleep(for: .microseconds(Int.random(in: 0...3_000))) }
                task.cancel()
                _ = await task.result
            case .silent:
                let limits = Timeouts(connect: .seconds(60), idle: .milliseconds(20), total: .seconds(120))
                _ = try await harness.text(harness.request(.get, "/silent", timeouts: limits))
            }
        } catch {
            switch (kind, error.kind) {
            case (.reset, .connectionLost), (.silent, .idleTimedOut): break
            default: failure = "\(kind): \(error)"
            }
        }
        tally.counts.withLock { counts in
            counts.requests += 1
            counts.byKind[kind, default: 0] += 1
            if let failure { counts.failures.append(failure) }
        }
    }
}
