import ArgumentParser

/// `bkend-server environment …`
struct EnvironmentCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "environment", abstract: "List and make environments; copy tables from one to another.",
        subcommands: [EnvironmentListCommand.self, EnvironmentCreateCommand.self, EnvironmentPromoteCommand.self])
}
