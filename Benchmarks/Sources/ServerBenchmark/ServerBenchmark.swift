import ArgumentParser
import Harness
import Servers

/// `bkend-server` over HTTP against plain Hummingbird routes that return the same bytes from memory.
@main
struct ServerBenchmark: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "server",
        abstract: "The server over HTTP against Hummingbird routes that return the same bytes from memory.",
        discussion: "Both servers are processes of their own; the load comes from raw sockets.",
        subcommands: [Measure.self, ServeBkend.self, ServePlain.self], defaultSubcommand: Measure.self)
}

/// Starts both servers, sends them requests by turns, and reports.
struct Measure: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Measure (what happens without a subcommand).")

    @OptionGroup var options: ReportOptions
    @Option(help: "How many connections are open, with one request in flight on each.")
    var connections = 64
    @Option(help: "How many records the table has.")
    var records = 10_000
    @Option(help: "How many requests for one record a batch has.")
    var gets = 20_000
    @Option(help: "How many requests for a list a batch has.")
    var lists = 5_000
    @Option(
        help: "How many requests a batch of the mixed load has: 80 % reads, 20 % durable writes; 0 for no such load.")
    var mixed = 4_000
    @Option(help: "How many creates a batch of the load of writes alone has; 0 for no such load.")
    var writes = 2_000
    @Flag(help: "Nothing but the load of writes alone.")
    var onlyWrites = false

    func validate() throws {
        guard (1...1_000).contains(connections), records >= 2_000, gets > 0, lists > 0, mixed >= 0,
            writes >= 0
        else {
            throw ValidationError("--connections is 1 to 1000, --records at least 2000, --gets and --lists at least 1")
        }
    }

    func run() async throws {
        if onlyWrites { return try await WriteRun(options: options, count: writes).measure(Report("writes", options)) }
        let folder = try TemporaryFolder()
        defer { folder.remove() }
        var articles = try Articles(records: records, folder: folder.path)
        let bkend = try ServerProcess(["serve-bkend", articles.folder])
        defer { bkend.stop() }
        let (point, list) = try await articles.fill(port: bkend.port)
        let plain = try ServerProcess(["serve-plain", try folder.write(point), try folder.write(list)])
        defer { plain.stop() }

        let report = Report("server", options)
        report.note("\(records) records, \(connections) connections, bodies of \(point.count) and \(list.count) bytes")
        try await compare(
            "GET of a record", articles.gets, gets, bytes: point.count, (bkend, plain), .atLeast(0.5), report)
        try await compare(
            "filtered list of 20", articles.lists, lists, bytes: list.count, (bkend, plain), .atLeast(0.3), report)
        note("reads", bkend, plain, report)
        if mixed == 0 { return }
        let tables = try await articles.fillRuled(port: bkend.port)
        note("filling", bkend, plain, report)
        let run = MixedRun(options: options, connections: connections, count: mixed)
        try await run.measure(tables, bkend, plain: plain, report)
        note("mixed load", bkend, plain, report)
        if writes > 0 { try await WriteRun(options: options, count: writes).measure(report) }
    }

    private func note(_ part: String, _ bkend: ServerProcess, _ plain: ServerProcess, _ report: Report) {
        let memory = [bkend, plain].map { ProcessFigures(process: $0.identifier).peakMemory >> 20 }
        report.note("peak memory after \(part): server \(memory[0]) MiB, plain routes \(memory[1]) MiB")
    }

    private func compare(
        _ name: String, _ requests: [String], _ count: Int, bytes: Int, _ servers: (ServerProcess, ServerProcess),
        _ goal: Goal, _ report: Report
    ) async throws {
        let load = Load(requests: requests, connections: connections)
        let contenders = [("bkend-server", servers.0), ("plain route", servers.1)].map { name, server in
            Contender(
                name, operations: count,
                processorSeconds: { ProcessFigures(process: server.identifier).processorSeconds }
            ) {
                try load.run(count, port: server.port, bytes: bytes)
            }
        }
        let results = try await options.interleaving.measure(contenders)
        try report.add(Figure("server", name, results[0], against: results[1], kind: .speed, goal: goal))
    }
}
