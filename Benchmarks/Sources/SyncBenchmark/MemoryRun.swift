import ArgumentParser
import Bkend
import Foundation
import Harness
import Servers

/// The memory of a first pull, in a process that does nothing else.
struct MemoryRun {
    let table: TableServer
    let folder: TemporaryFolder

    func measure(_ report: Harness.Report) throws {
        let process = Process()
        let output = Pipe()
        process.executableURL = URL(filePath: "/proc/self/exe").resolvingSymlinksInPath()
        process.arguments = ["pull-once", table.url, folder.path + "/store"]
        process.standardOutput = output
        try process.run()
        let text = String(decoding: try output.fileHandleForReading.readToEnd() ?? Data(), as: UTF8.self)
        process.waitUntilExit()
        let figures = text.split(whereSeparator: \.isWhitespace).compactMap { Double($0) }
        guard figures.count == 4, Int(figures[0]) == table.rows else {
            throw BenchmarkFailure("the pull of \(table.rows) rows did not end well: \(text)")
        }
        let (idle, peak) = (Int(figures[1]) >> 20, Int(figures[2]) >> 20)
        let verdict = peak - idle <= 64 ? "met" : "MISSED"
        report.note(
            "memory, \(table.rows) rows: \(idle) MiB idle, \(peak) MiB at the most; \(peak - idle) MiB above "
                + "(≤ 64: \(verdict))")
        report.note("  the pull took \(Int(figures[3])) s")
    }
}

/// Pulls a table, and prints the rows, the bytes of memory before and at the most, and the seconds.
struct PullOnce: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "pull-once", abstract: "The pull whose memory is measured.", shouldDisplay: false)

    @Argument(help: "The server's URL.") var url: String
    @Argument(help: "The store's folder.") var folder: String

    func run() async throws {
        let opened = try await SyncedStore(url: url, folder: folder)
        // One query, so that what any use of a store takes isn't counted as the pull's.
        _ = try await opened.articles.query.count()
        let idle = ProcessFigures.own.peakMemory
        let clock = ContinuousClock()
        let start = clock.now
        try await opened.pull()
        let seconds = (clock.now - start) / .seconds(1)
        let peak = ProcessFigures.own.peakMemory
        print(try await opened.articles.query.count(), idle, peak, seconds)
        await opened.close()
    }
}
