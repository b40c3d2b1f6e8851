import Foundation
import Harness
import Servers

/// Nothing but creates, from 1, 8 and 64 connections: to the server as it is, and to one whose writes each have a
/// transaction of their own.
struct WriteRun {
    let options: ReportOptions
    /// How many creates a batch has.
    let count: Int

    /// Measures and reports.
    func measure(_ report: Report) async throws {
        let folder = try TemporaryFolder()
        defer { folder.remove() }
        let (together, alone) = (try articles(in: folder, "together"), try articles(in: folder, "alone"))
        let servers = [
            (together, try ServerProcess(["serve-bkend", together.folder])),
            (alone, try ServerProcess(["serve-bkend", "--alone", alone.folder])),
        ]
        defer { for (_, server) in servers { server.stop() } }
        for connections in [1, 8, 64] {
            let sides = zip(["together", "each alone"], servers).map { name, side in
                WriteSide(name, side.0, side.1, connections: connections)
            }
            let results = try await options.interleaving.measure(
                sides.map { side in
                    Contender(
                        side.name, operations: count,
                        processorSeconds: { ProcessFigures(process: side.server.identifier).processorSeconds }
                    ) {
                        try side.run(count)
                    }
                })
            let goal: Goal? = connections == 64 ? .atLeast(4) : nil
            try report.add(
                Figure(
                    "server", "creates, \(connections) connections", results[0], against: results[1], kind: .speed,
                    goal: goal))
            let median: Goal? = connections == 64 ? .atMost(0.35) : nil
            try report.add(
                Figure(
                    "server", "  their p50", sides[0].medians, against: sides[1].medians, kind: .time, goal: median))
            report.note("  creates a second: \(results.map { Int(1 / $0.seconds.median) })")
        }
    }

    private func articles(in folder: TemporaryFolder, _ name: String) throws -> Articles {
        let path = "\(folder.path)/\(name)"
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        return try Articles(records: 2_000, folder: path)
    }
}

/// One of the servers, and the middle latency of each batch.
private final class WriteSide {
    let name: String
    let server: ServerProcess
    private let articles: Articles
    private let connections: Int
    private var batches = 0
    private var all: [Double] = []

    init(_ name: String, _ articles: Articles, _ server: ServerProcess, connections: Int) {
        self.name = name
        self.articles = articles
        self.server = server
        self.connections = connections
    }

    func run(_ count: Int) throws -> Double {
        let requests = articles.creates(batches * count..<(batches + 1) * count)
        batches += 1
        let result = try Load(requests: requests, connections: connections).timed(port: server.port)
        all.append(result.each.sorted()[result.each.count / 2])
        return result.whole
    }

    /// The middle latency of each batch but the first, which doesn't count.
    var medians: Harness.Measurement {
        let values = Series(Array(all.dropFirst()))
        return Measurement(name: name, seconds: values, processorSeconds: values.map { _ in 0 })
    }
}
