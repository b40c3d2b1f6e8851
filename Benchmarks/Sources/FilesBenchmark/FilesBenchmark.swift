import ArgumentParser
import CLoad
import Foundation
import Harness
import Servers

/// Files through the server: downloads against nginx, uploads against a server of uploads written by hand.
@main
struct FilesBenchmark: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "files", abstract: "Downloads against nginx, uploads against a server of uploads written by hand.",
        discussion: "All servers are processes of their own; the load comes from raw sockets.",
        subcommands: [Measure.self, ServeBkend.self, ServeBaseline.self, TransferOnce.self],
        defaultSubcommand: Measure.self)
}

/// Starts the servers, moves files by turns, and reports.
struct Measure: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Measure (what happens without a subcommand).")

    @OptionGroup var options: ReportOptions
    @Option(help: "How many MB the large file has; 0 for none.") var large = 1_000
    @Option(help: "How many files of 100 KB there are; 0 for none.") var small = 1_000
    @Option(help: "How many connections the small files take.") var connections = 8
    @Option(help: "How many uploads run at once while memory is watched; 0 for none.") var parallel = 64
    @Option(help: "How many MB each of them has.") var parallelSize = 100
    @Option(help: "The nginx to compare with.") var nginx = "/usr/sbin/nginx"

    func validate() throws {
        guard (0...4_000).contains(large), (0...100_000).contains(small), (1...256).contains(connections),
            (0...256).contains(parallel), (1...4_000).contains(parallelSize)
        else { throw ValidationError("--large and --parallel-size are at most 4000, --connections and --parallel 256") }
    }

    func run() async throws {
        let folder = try TemporaryFolder()
        defer { folder.remove() }
        let report = Report("files", options)
        if parallel > 0 { try await watchMemory(folder.path, report) }
        if large > 0 {
            try await compare(Files(count: 1, size: large * 1_000_000, connections: 1), (0.6, 0.6), folder.path, report)
            try await client(folder.path, report)
        }
        if small > 0 {
            let files = Files(count: small, size: 100_000, connections: connections)
            try await compare(files, (0.5, 0.5), folder.path, report)
        }
    }

    /// What moves in a batch.
    struct Files {
        let count: Int
        let size: Int
        let connections: Int

        var name: String { count == 1 ? "\(size / 1_000_000) MB" : "\(count) × \(size / 1_000) KB" }
    }

    private func compare(
        _ files: Files, _ goals: (download: Double, upload: Double), _ folder: String, _ report: Harness.Report
    ) async throws {
        let folder = "\(folder)/\(files.count)"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        let data = try FileFolder(at: "\(folder)/data")
        let bkend = try ServerProcess(data.arguments)
        defer { bkend.stop() }
        let baseline = try? ServerProcess(["serve-baseline", try Self.empty("\(folder)/baseline")])
        defer { baseline?.stop() }
        let web = try Nginx(nginx, root: try Self.empty("\(folder)/web"))
        defer { web.stop() }

        let transfers = Transfers(files: files)
        var sides = [
            transfers.uploads("bkend-server", bkend, key: data.key) { data.empty() },
            transfers.puts("nginx", port: web.port, process: web.identifier) { web.empty() },
        ]
        if let baseline {
            sides.append(transfers.uploads("by hand", baseline, key: "none") { try? Self.clear("\(folder)/baseline") })
        } else {
            report.note("no server of uploads to compare with: it needs libcrypto.so.3")
        }
        let uploads = try await options.interleaving.measure(sides)
        if uploads.count > 2 {
            try report.add(
                Figure(
                    "files", "upload of \(files.name)", uploads[0], against: uploads[2], kind: .speed,
                    goal: .atLeast(goals.upload)))
        }
        try report.add(
            Figure("files", "upload of \(files.name)", uploads[0], against: uploads[1], kind: .speed))

        let paths = try transfers.fill(port: bkend.port, key: data.key)
        for number in paths.indices { try web.write(number, size: files.size) }
        let downloads = try await options.interleaving.measure([
            transfers.downloads("bkend-server", port: bkend.port, process: bkend.identifier, paths: paths),
            transfers.downloads(
                "nginx", port: web.port, process: web.identifier, paths: paths.indices.map { "/stored/\($0)" }),
        ])
        try report.add(
            Figure(
                "files", "download of \(files.name)", downloads[0], against: downloads[1], kind: .speed,
                goal: .atLeast(goals.download)))
        report.note("peak memory: server \(ProcessFigures(process: bkend.identifier).peakMemory >> 20) MiB")
    }

    /// Many uploads at once, and what they add to the server's memory.
    private func watchMemory(_ folder: String, _ report: Harness.Report) async throws {
        let data = try FileFolder(at: "\(folder)/memory")
        let bkend = try ServerProcess(data.arguments)
        defer { bkend.stop() }
        // One upload before, so that what any use of the server takes isn't counted as theirs.
        _ = try Transfers(files: Files(count: 1, size: 1_000, connections: 1)).fill(port: bkend.port, key: data.key)
        let figures = ProcessFigures(process: bkend.identifier)
        let idle = figures.peakMemory
        let files = Files(count: parallel, size: parallelSize * 1_000_000, connections: parallel)
        let paths = try Transfers(files: files).fill(port: bkend.port, key: data.key)
        guard paths.count == parallel else { throw BenchmarkFailure("\(paths.count) of \(parallel) files are there") }
        let more = (figures.peakMemory - idle) >> 20
        report.note(
            "\(parallel) uploads of \(parallelSize) MB at once: \(more) MiB above \(idle >> 20) MiB idle "
                + "(≤ 64: \(more <= 64 ? "met" : "MISSED"))")
        try FileManager.default.removeItem(atPath: "\(folder)/memory")
    }

    /// The SDK's own memory while it uploads and downloads the large file.
    private func client(_ folder: String, _ report: Harness.Report) async throws {
        let data = try FileFolder(at: "\(folder)/client")
        let bkend = try ServerProcess(data.arguments)
        defer { bkend.stop() }
        let process = Process()
        let output = Pipe()
        process.executableURL = URL(filePath: "/proc/self/exe").resolvingSymlinksInPath()
        process.arguments = [
            "transfer-once", "http://127.0.0.1:\(bkend.port)", data.key, folder, "\(large)",
        ]
        process.standardOutput = output
        try process.run()
        let text = String(decoding: try output.fileHandleForReading.readToEnd() ?? Data(), as: UTF8.self)
        process.waitUntilExit()
        let figures = text.split(whereSeparator: \.isWhitespace).compactMap { Double($0) }
        guard figures.count == 4 else { throw BenchmarkFailure("the SDK didn't move the file: \(text)") }
        let (idle, peak) = (Int(figures[0]) >> 20, Int(figures[1]) >> 20)
        report.note(
            "the SDK, \(large) MB in parts and back: \(peak - idle) MiB above \(idle) MiB idle; "
                + "up \(Int(figures[2])) ms, down \(Int(figures[3])) ms")
    }

    private static func empty(_ path: String) throws -> String {
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        return path
    }

    /// Removes what a server wrote but its log.
    private static func clear(_ path: String) throws {
        for name in try FileManager.default.contentsOfDirectory(atPath: path) where name != "log" {
            try FileManager.default.removeItem(atPath: "\(path)/\(name)")
        }
    }
}

/// The server of uploads that is written by hand, in C.
struct ServeBaseline: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "serve-baseline", abstract: "What uploads are compared with.", shouldDisplay: false)

    @Argument(help: "The folder of the files.") var folder: String

    func run() throws {
        Parent.endWithIt()
        let listener = bench_baseline_open(folder)
        guard listener >= 0 else {
            throw BenchmarkFailure("no server by hand: \(String(cString: strerror(-listener)))")
        }
        Parent.tell(Int(bench_baseline_port()))
        bench_baseline_serve(listener)
    }
}
