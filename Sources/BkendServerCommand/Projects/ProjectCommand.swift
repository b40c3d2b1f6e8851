import ArgumentParser
import BkendServer
import BkendWire

/// `bkend-server project …`
struct ProjectCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "project", abstract: "List and make projects.",
        subcommands: [ProjectListCommand.self, ProjectCreateCommand.self])
}

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

/// `bkend-server project list DIR`
struct ProjectListCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "list", abstract: "List the projects of a folder.")

    @OptionGroup var folder: FolderOptions

    func run() async throws {
        try await reportingFailure {
            let projects = try folder.open().control.projects()
            if folder.json {
                StandardOutput.json(
                    projects.map {
                        [
                            "project": .string($0.project), "environments": .int(Int64($0.count)),
                            "createdAt": .string($0.createdAt),
                        ]
                    })
            } else {
                StandardOutput.table(
                    ["PROJECT", "ENVIRONMENTS", "CREATED"], projects.map { [$0.project, "\($0.count)", $0.createdAt] })
            }
        }
    }
}

/// The keys of a new environment, shown once.
enum NewKeys {
    static func json(_ created: DataFolder.Created) -> JSONObject {
        [
            "project": .string(created.name.project), "environment": .string(created.name.environment),
            "publishableKey": .string(created.publishableKey), "secretKey": .string(created.secretKey),
        ]
    }

    static func show(_ created: DataFolder.Created, asJSON: Bool) {
        if asJSON { return StandardOutput.json(json(created)) }
        StandardOutput.line("environment      \(created.name)")
        StandardOutput.line("publishable key  \(created.publishableKey)")
        StandardOutput.line("secret key       \(created.secretKey)  (shown this once)")
    }
}
