import Harness
import Servers

/// Reads and durable writes mixed, to tables under different rules, and to routes that answer from memory.
struct MixedRun {
    let options: ReportOptions
    let connections: Int
    /// How many requests a batch has.
    let count: Int

    /// Measures everything by turns and adds it to the report: the table without rules against the plain routes, then
    /// what each kind of rules costs.
    func measure(_ tables: [MixedRequests], _ bkend: ServerProcess, plain: ServerProcess, _ report: Report) async throws
    {
        guard let open = tables.first else { return }
        let sides = tables.map { Side($0.table.title, $0, bkend) } + [Side("plain routes", open, plain)]
        let results = try await options.interleaving.measure(
            sides.map { side in
                Contender(
                    side.name, operations: count,
                    processorSeconds: { ProcessFigures(process: side.server.identifier).processorSeconds }
                ) {
                    try side.run(count, connections: connections)
                }
            })
        guard let reference = results.last, let plainSide = sides.last else { return }
        try report.add(
            Figure("server", "mixed load", results[0], against: reference, kind: .speed))
        for percentile in Percentile.all {
            let (ours, theirs) = (sides[0].series(percentile), plainSide.series(percentile))
            try report.add(Figure("server", "mixed, \(percentile.name)", ours, against: theirs, kind: .time))
        }
        for place in tables.indices.dropFirst() {
            let (name, result) = (sides[place].name, results[place])
            try report.add(Figure("server", "mixed: \(name)", result, against: results[0], kind: .time))
            for percentile in Percentile.all where percentile.share == 0.5 {
                let (with, without) = (sides[place].series(percentile), sides[0].series(percentile))
                try report.add(
                    Figure("server", "  \(percentile.name)", with, against: without, kind: .time))
            }
        }
        report.note("requests a second without rules: \(Int(1 / results[0].seconds.median))")
    }
}

/// What is asked of the latencies of one batch.
private struct Percentile {
    let name: String
    let isWrite: Bool
    let share: Double

    static let all = [
        Percentile(name: "reads' p50", isWrite: false, share: 0.5),
        Percentile(name: "reads' p99", isWrite: false, share: 0.99),
        Percentile(name: "writes' p50", isWrite: true, share: 0.5),
        Percentile(name: "writes' p99", isWrite: true, share: 0.99),
    ]

    /// The time within which that share of the requests was answered.
    func value(of latencies: [Double]) -> Double {
        let all = latencies.indices.filter { MixedRequests.kind($0).isWrite == isWrite }.map { latencies[$0] }.sorted()
        return all[min(all.count - 1, Int(Double(all.count) * share))]
    }
}

/// One table on one server, and the latencies of each batch.
private final class Side {
    let name: String
    let server: ServerProcess
    private let requests: MixedRequests
    private var batches: [[Double]] = []

    init(_ name: String, _ requests: MixedRequests, _ server: ServerProcess) {
        self.name = name
        self.requests = requests
        self.server = server
    }

    func run(_ count: Int, connections: Int) throws -> Double {
        let load = Load(requests: requests.batch(batches.count, count: count), connections: connections)
        let result = try load.timed(port: server.port)
        batches.append(result.each)
        return result.whole
    }

    /// A percentile of each batch but the first, which doesn't count.
    func series(_ percentile: Percentile) -> Harness.Measurement {
        let values = Series(batches.dropFirst().map(percentile.value))
        return Measurement(name: name, seconds: values, processorSeconds: values.map { _ in 0 })
    }
}
