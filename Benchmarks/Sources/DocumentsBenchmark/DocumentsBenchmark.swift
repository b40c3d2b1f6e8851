import ArgumentParser
import Foundation
import Harness

/// Documents against hand-written SQL over typed columns, at several sizes.
@main
struct DocumentsBenchmark: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "documents",
        abstract: "Collections of documents against hand-written SQL over typed columns with the same indexes.",
        discussion: "Each size is measured in a process of its own, so that its peak memory is its own.")

    @Argument(help: "How many records; several for several runs. 10000 and 100000 unless said otherwise.")
    var sizes: [Int] = []
    @Flag(help: "Measure 1000000 records as well (some gigabytes of disk, many minutes).")
    var full = false
    @OptionGroup var options: ReportOptions

    func validate() throws {
        guard sizes.allSatisfy({ $0 > 0 && $0.isMultiple(of: 10_000) }) else {
            throw ValidationError("a size is a multiple of 10000")
        }
    }

    func run() async throws {
        let sizes = (sizes.isEmpty ? [10_000, 100_000] : sizes) + (full ? [1_000_000] : [])
        if sizes.count == 1 {
            var run = try SizeRun(size: sizes[0], options)
            try await run.run()
        } else {
            try runEach(sizes)
        }
    }

    /// Runs this program once for each size, then tells how the times grow.
    private func runEach(_ sizes: [Int]) throws {
        let folder = try TemporaryFolder()
        defer { folder.remove() }
        var figures: [Figure] = []
        for size in sizes {
            let file = "\(folder.path)/\(size)"
            let child = Process()
            child.executableURL = URL(filePath: "/proc/self/exe").resolvingSymlinksInPath()
            child.arguments = [
                "\(size)", "--json", file, "--rounds", "\(options.rounds)", "--seconds", "\(options.seconds)",
            ]
            try child.run()
            child.waitUntilExit()
            guard child.terminationStatus == 0 else { throw ExitCode(child.terminationStatus) }
            figures += try Figure.read(file)
        }
        try Report.add(figures, to: options.json)
        Growth(figures).report()
    }
}
