import ArgumentParser
import BkendServer
import BkendWire

/// `bkend-server environment create DIR NAME`
struct EnvironmentCreateCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "create", abstract: "Make an environment, and print its keys.",
        discussion: "The secret key is shown this once; the folder keeps only its SHA-256.")

    @OptionGroup var folder: FolderOptions
    @Argument(help: "The environment's name.")
    var name: String
    @Option(help: "The project; may be left out when the folder has one.")
    var project: String?

    func run() async throws {
        try await reportingFailure {
            let control = try folder.open().control
            let name = try EnvironmentName(project: try control.project(project), environment: name)
            NewKeys.show(try control.createEnvironment(name, now: .systemNow), asJSON: folder.json)
        }
    }
}
