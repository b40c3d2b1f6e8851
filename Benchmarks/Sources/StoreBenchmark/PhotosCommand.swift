import ArgumentParser
import Harness

/// The local store with many files in it.
struct PhotosCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "photos",
        abstract: "Memory, writes and opening of a store with many files, against one without any.")

    @Argument(help: "How many photos of 100 KB are attached.")
    var count = 10_000
    @Option(help: "How many files of 1 MiB are cached in the store that is opened; past 256 it takes some away.")
    var cached = 240
    @OptionGroup var options: ReportOptions

    func validate() throws {
        guard count >= 1_000, cached >= 1 else { throw ValidationError("1000 photos at least, and one cached file") }
    }

    func run() async throws {
        let run = try PhotosRun(count: count, options)
        defer { run.folder.remove() }
        try await run.attach()
        try await run.open(cached)
    }
}
