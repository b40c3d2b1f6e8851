import Bkend
import Foundation
import Harness
import Servers

/// The first pull of a table: rows a second until all of them are in the store.
struct PullRun {
    let table: TableServer
    let folder: TemporaryFolder
    let options: ReportOptions

    func measure(_ report: Harness.Report) async throws {
        let names = Names(folder: folder.path)
        let store = Contender("store", operations: table.rows, processorSeconds: Self.processorSeconds) {
            try await names.using { folder in
                let opened = try await SyncedStore(url: table.url, folder: folder)
                let seconds = try await Self.time { try await opened.pull() }
                try check(try await opened.articles.query.count())
                await opened.close()
                return seconds
            }
        }
        let bare = Contender("libcurl, SQL", operations: table.rows, processorSeconds: Self.processorSeconds) {
            try await names.using { folder in
                let pull = try BarePull(path: folder + "/bare.sqlite")
                return try await Self.time { try check(try pull.pull(table.pages)) }
            }
        }
        let plain = Contender("URLSession, GRDB", operations: table.rows, processorSeconds: Self.processorSeconds) {
            try await names.using { folder in
                let pull = try PlainPull(path: folder + "/plain.sqlite", url: table.url)
                return try await Self.time { try check(try await pull.pull()) }
            }
        }
        let near = try await options.interleaving.measure([store, bare])
        try add(near[0], against: near[1], .atLeast(0.7), report)
        let far = try await Interleaving(rounds: min(3, options.rounds)).measure([store, plain])
        try add(far[0], against: far[1], .atLeast(3), report)
    }

    private func add(
        _ ours: Harness.Measurement, against theirs: Harness.Measurement, _ goal: Goal, _ report: Harness.Report
    ) throws {
        try report.add(
            Figure("sync", "first pull, a row", size: table.rows, ours, against: theirs, kind: .speed, goal: goal))
    }

    private func check(_ count: Int) throws {
        guard count == table.rows else { throw BenchmarkFailure("\(count) of \(table.rows) rows are there") }
    }

    private static func processorSeconds() -> Double { ProcessFigures.own.processorSeconds }

    private static func time(_ body: () async throws -> Void) async throws -> Double {
        let clock = ContinuousClock()
        let start = clock.now
        try await body()
        return (clock.now - start) / .seconds(1)
    }
}

/// A new folder for each pull, gone after it.
private final class Names {
    private let folder: String
    private var next = 0

    init(folder: String) { self.folder = folder }

    func using(_ body: (String) async throws -> Double) async throws -> Double {
        next += 1
        let path = "\(folder)/pull-\(next)"
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: path) }
        return try await body(path)
    }
}
