import ArgumentParser
import Harness
import Servers

/// What synchronisation costs a device.
@main
struct SyncBenchmark: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "sync",
        abstract: "First pulls, their memory, queued creates, deletions, and what an idle engine does.",
        subcommands: [Measure.self, PullOnce.self, ServeBkend.self], defaultSubcommand: Measure.self)
}

/// Runs the parts that are asked for.
struct Measure: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Measure (what happens without a subcommand).")

    /// What can be measured.
    enum Part: String, CaseIterable, ExpressibleByArgument {
        case pull, memory, creates, deletes, idle
    }

    @Argument(help: "What to measure: pull, memory, creates, deletes, idle; all unless said otherwise.")
    var parts: [Part] = Part.allCases
    @Option(help: "How many rows a first pull has, and the table in which deletions are found.")
    var rows = 100_000
    @Option(help: "How many rows are pulled where memory is measured.")
    var memoryRows = 1_000_000
    @Option(help: "How many creates wait in the outbox.")
    var creates = 1_000
    @OptionGroup var options: ReportOptions

    func validate() throws {
        guard rows >= 1_000, memoryRows >= 1_000, creates >= 100 else {
            throw ValidationError("--rows and --memory-rows are at least 1000, --creates at least 100")
        }
    }

    func run() async throws {
        // Before anything makes threads.
        let table = try TableServer(rows: rows)
        let large = parts.contains(.memory) ? try TableServer(rows: memoryRows) : table
        let report = Report("sync", options)
        for part in parts {
            let folder = try TemporaryFolder()
            defer { folder.remove() }
            switch part {
            case .pull: try await PullRun(table: table, folder: folder, options: options).measure(report)
            case .memory: try MemoryRun(table: large, folder: folder).measure(report)
            case .creates: try await CreatesRun(count: creates, folder: folder, options: options).measure(report)
            case .deletes: try await DeletesRun(table: table, folder: folder).measure(report)
            case .idle: try await IdleRun(table: table, folder: folder).measure(report)
            }
        }
    }
}
