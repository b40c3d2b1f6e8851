import ArgumentParser
import BkendServer
import BkendWire

/// `bkend-server init DIR`
struct InitCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "init",
        abstract: "Make a data folder and print its keys as one JSON object.",
        discussion: "The secret key is shown this once; the folder keeps only its SHA-256.")

    @Argument(help: "The folder; new, or empty.")
    var directory: String
    @Option(help: "The project's name.")
    var project = EnvironmentName.defaultProject
    @Option(help: "The environment's name.")
    var env = EnvironmentName.defaultEnvironment

    func run() async throws {
        try await reportingFailure {
            let name = try EnvironmentName(project: project, environment: env)
            let created = try DataFolder.create(at: directory, name: name, now: .systemNow)
            StandardOutput.json(NewKeys.json(created))
        }
    }
}
