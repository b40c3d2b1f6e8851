import BkendWire
import Dispatch
import Foundation
import Synchronization
import Testing

@testable import BkendServer

/// kill -9 at random moments while clients write. `make test` does a few; `make kill KILLS=200` does many against a
/// release build with 100,000 records.
@Suite(.serialized) struct KillTests {
    private static let environment = ProcessInfo.processInfo.environment
    private static let kills = environment["KILLS"].flatMap { Int($0) } ?? 5
    private static let records = environment["KILL_RECORDS"].flatMap { Int($0) } ?? 1_000

    private static let tables = """
        {"tables":[{"name":"t","schema":{"properties":{"key":{"type":"string","unique":true}}},
        "indexes":[{"name":"by_batch","fields":{"batch":1}},{"name":"by_v","fields":{"v":1}}]}]}
        """

    @Test("After kill -9 every answered write is there, nothing is there by half, and the server is soon back")
    func kills() async throws {
        try await withFolder { folder in
            let keys = try CommandTests.keys(try await CommandRun.run("init", folder))
            let file = folder + ".json"
            defer { try? FileManager.default.removeItem(atPath: file) }
            try Self.tables.write(toFile: file, atomically: true, encoding: .utf8)
            #expect(try await CommandRun.run("apply", folder, file).status == 0)
            try await Self.seed(folder, keys.secret)
            var writers = (0..<4).map { KillWriter(number: $0, secretKey: keys.secret) }
            var total = Self.records
            var slowest = Duration.zero
            for kill in 0...Self.kills {
                let begun = ContinuousClock.now
                let server = try await ServeProcess.start(folder, "--rate-limit", "off")
                slowest = max(slowest, begun.duration(to: .now))
                var check = KillCheck(client: TestClient(server.url, key: keys.secret))
                for index in writers.indices { try await check.check(&writers[index]) }
                let count = try await check.client.get("/v1/t?limit=1").json["pagination"]?["total"]
                let expected = total + writers.reduce(0) { $0 + $1.count }
                #expect(check.failures == [], "after kill \(kill)")
                #expect(writers.flatMap(\.refusals) == [])
                #expect(count == .int(Int64(expected)), "after kill \(kill)")
                for index in writers.indices { total += writers[index].forget() }
                guard kill < Self.kills else {
                    #expect(try await server.end().status == 0)
                    break
                }
                writers = try await Self.write(writers, to: server)
            }
            let answered = writers.reduce(0) { $0 + $1.answered }
            #expect(answered >= Self.kills)
            let milliseconds = Int(slowest / .milliseconds(1))
            print("\(Self.kills) kills, \(answered) answered writes, slowest start \(milliseconds) ms")
            if Self.environment["KILLS"] != nil { #expect(slowest < .seconds(1)) }
            #expect(try await Self.isSound(folder))
        }
    }

    /// Tells when so many answers have come.
    private final class Countdown: Sendable {
        private let left: Atomic<Int>
        private let isTime = DispatchSemaphore(value: 0)

        init(_ count: Int) { left = Atomic(count) }

        func answered() {
            if left.subtract(1, ordering: .relaxed).newValue == 0 { isTime.signal() }
        }

        /// Blocks until then, and for a random moment more: somewhere inside the next writes.
        func wait() {
            // No server can be so slow; if it is, what was answered by then is checked.
            _ = isTime.wait(timeout: .now() + 60)
            usleep(UInt32.random(in: 0..<8_000))
        }
    }

    /// Lets the writers write until a random number of answers has come, and then kills the server at a random moment.
    private static func write(_ writers: [KillWriter], to server: ServeProcess) async throws -> [KillWriter] {
        let port = TestClient(server.url).port
        let countdown = Countdown(Int.random(in: 1...60))
        async let killed: Void = kill(server, after: countdown)
        let written = try await withThrowingTaskGroup(of: KillWriter.self) { group in
            for writer in writers {
                group.addTask { try await run(writer, port: port, countdown) }
            }
            return try await group.reduce(into: [KillWriter]()) { $0.append($1) }
        }
        try await killed
        return written.sorted { $0.number < $1.number }
    }

    private static func run(_ writer: KillWriter, port: Int, _ countdown: Countdown) async throws -> KillWriter {
        try await blocking {
            var writer = writer
            writer.run(port: port) { countdown.answered() }
            return writer
        }
    }

    private static func kill(_ server: ServeProcess, after countdown: Countdown) async throws {
        try await blocking { countdown.wait() }
        _ = try await server.end(SIGKILL)
    }

    private static func seed(_ folder: String, _ key: String) async throws {
        let server = try await ServeProcess.start(folder, "--rate-limit", "off")
        let client = TestClient(server.url, key: key)
        for begin in stride(from: 0, to: records, by: 500) {
            let batch = (begin..<min(begin + 500, records)).map { number -> JSON in
                [
                    "key": .string("seed-\(number)"), "batch": "seed", "v": 0, "w": 0,
                    "text": .string(String(repeating: "text ", count: 60)),
                ]
            }
            let answer = try await client.post("/v1/t", .array(batch))
            guard answer.status == 201 else { throw RawConnection.Failure(what: answer.text) }
        }
        _ = try await server.end()
    }

    /// SQLite's own word on the database, asked when no server has it open.
    private static func isSound(_ folder: String) async throws -> Bool {
        try await blocking {
            return try SQLiteFile.read(folder + "/environments/default/dev.sqlite") { try $0.flaws().isEmpty }
        }
    }
}
