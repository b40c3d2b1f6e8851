import Bkend
import BkendServer
import CLoad
import Foundation
import Harness
import Servers

/// Creates that wait in the outbox, sent to the real server 50 ms away, against an app that sends one after the other.
struct CreatesRun {
    let count: Int
    let folder: TemporaryFolder
    let options: ReportOptions

    /// A round trip.
    private static let milliseconds = 50

    func measure(_ report: Harness.Report) async throws {
        let name = try EnvironmentName(
            project: EnvironmentName.defaultProject, environment: EnvironmentName.defaultEnvironment)
        let data = folder.path + "/data"
        let keys = try DataFolder.create(at: data, name: name, now: .systemNow)
        _ = try DataFolder.open(at: data).apply(["tables": [["name": "articles"]]], to: name)
        let server = try ServerProcess(["serve-bkend", data])
        defer { server.stop() }
        let port = bench_delay_start(Int32(server.port), Int32(Self.milliseconds))
        guard port > 0 else { throw BenchmarkFailure("the delay did not start") }
        let client = try SyncedStore.client(url: "http://127.0.0.1:\(port)", key: keys.publishableKey)
        _ = try await client.accounts.signUp(email: "kim@example.com", password: "abc123", name: "Kim")
        let synced = try await SyncedStore(client: client, folder: folder.path + "/store")
        try await synced.pull()
        let single = count / 10
        let results = try await Interleaving(rounds: min(3, options.rounds)).measure([
            Contender(
                "outbox", operations: count, processorSeconds: { ProcessFigures.own.processorSeconds },
                timedBatch: { try await send(synced) }),
            Contender("one by one", operations: single) {
                let articles = client.table("articles")
                for number in 0..<single { _ = try await articles.create(Self.article(number)) }
            },
        ])
        try report.add(
            Figure(
                "sync", "queued creates, \(Self.milliseconds) ms away", size: count, results[0], against: results[1],
                kind: .speed, goal: .atLeast(6)))
        await synced.close()
    }

    /// Queues them while nothing is sent; the seconds from then until the server has all.
    private func send(_ synced: SyncedStore) async throws -> Double {
        await synced.store.sync.pause()
        for number in 0..<count { _ = try await synced.articles.create(Self.article(number)) }
        try await synced.wait { $0.pending == count }
        let clock = ContinuousClock()
        let start = clock.now
        await synced.store.sync.resume()
        try await synced.wait { $0.pending == 0 }
        let status = await synced.store.sync.status
        guard status.failed == 0, status.unresolved == 0 else { throw BenchmarkFailure("creates failed: \(status)") }
        return (clock.now - start) / .seconds(1)
    }

    private static func article(_ number: Int) -> JSONObject {
        [
            "title": .string("Article number \(number)"), "body": .string(String(repeating: "Some words. ", count: 20)),
            "views": .int(Int64(number)),
        ]
    }
}
