import ArgumentParser
import BkendServer
import BkendWire

/// `bkend-server project create DIR NAME`
struct ProjectCreateCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "create", abstract: "Make a project with its first environment, and print its keys.",
        discussion: "The secret key is shown this once; the folder keeps only its SHA-256.")

    @OptionGroup var folder: FolderOptions
    @Argument(help: "The project's name.")
    var name: String
    @Option(help: "The name of its first environment.")
    var env = EnvironmentName.defaultEnvironment

    func run() async throws {
        try await reportingFailure {
            let name = try EnvironmentName(project: name, environment: env)
            NewKeys.show(try folder.open().control.createProject(name, now: .systemNow), asJSON: folder.json)
        }
    }
}
