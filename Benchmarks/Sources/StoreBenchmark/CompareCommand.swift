import ArgumentParser
import Harness

/// The local store against GRDB as one would use it by hand.
struct CompareCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "compare",
        abstract: "The local store's writes, queries, observers and opening.")

    @Argument(help: "How many records lie in the store.")
    var size = 100_000
    @Option(help: "How many records lie in the store that is opened.")
    var opened = 100_000
    @Option(help: "How many creates wait in the longer outbox.")
    var waiting = 100_000
    @OptionGroup var options: ReportOptions

    func validate() throws {
        guard size >= 1_000, opened >= 1_000, waiting >= 1_000 else {
            throw ValidationError("a size is at least 1000")
        }
    }

    func run() async throws {
        let run = try await StoreRun(size: size, options)
        defer { run.folder.remove() }
        try await run.create()
        try await run.query()
        try await run.indexed()
        try await run.observe()
        try await run.grow(waiting)
        await run.close()
        try await run.open(opened)
    }
}
