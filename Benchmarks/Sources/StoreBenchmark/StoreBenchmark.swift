import ArgumentParser

/// The local store: against GRDB, and one operation at a time for a tool that counts instructions.
@main
struct StoreBenchmark: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "store",
        abstract: "The local store's benchmarks.",
        subcommands: [CompareCommand.self, FillCommand.self, PhotosCommand.self, RepeatCommand.self],
        defaultSubcommand: CompareCommand.self)
}
