import ArgumentParser

/// `bkend-server project …`
struct ProjectCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "project", abstract: "List and make projects.",
        subcommands: [ProjectListCommand.self, ProjectCreateCommand.self])
}
