import ArgumentParser
import BkendServer
import BkendWire

/// `bkend-server environment …`
struct EnvironmentCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "environment", abstract: "List and make environments; copy tables from one to another.",
        subcommands: [EnvironmentListCommand.self, EnvironmentCreateCommand.self, EnvironmentPromoteCommand.self])
}

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

/// `bkend-server environment list DIR`
struct EnvironmentListCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list", abstract: "List the environments of a folder.")

    @OptionGroup var folder: FolderOptions
    @Option(help: "Only those of this project.")
    var project: String?

    func run() async throws {
        try await reportingFailure {
            let places = try folder.open().control.environments(of: project)
            if folder.json {
                StandardOutput.json(
                    places.map {
                        [
                            "project": .string($0.project), "environment": .string($0.environment ?? ""),
                            "keys": .int(Int64($0.count)), "createdAt": .string($0.createdAt),
                        ]
                    })
            } else {
                StandardOutput.table(
                    ["PROJECT", "ENVIRONMENT", "KEYS", "CREATED"],
                    places.map { [$0.project, $0.environment ?? "", "\($0.count)", $0.createdAt] })
            }
        }
    }
}

/// `bkend-server environment promote DIR FROM TO`
struct EnvironmentPromoteCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "promote", abstract: "Copy the tables of one environment to another, all or none; no records.",
        discussion: """
            Schemas, indexes and permissions become those of FROM. Tables that only TO has stay. With --check nothing is
            changed: it says what would, and which records of TO would fail (exit status 1 if any).
            """)

    @OptionGroup var folder: FolderOptions
    @Argument(help: "The environment whose tables are copied.")
    var from: String
    @Argument(help: "The environment that gets them.")
    var to: String
    @Option(help: "The project; may be left out when the folder has one.")
    var project: String?
    @Flag(help: "Change nothing; say what would change and which records would fail.")
    var check = false

    func run() async throws {
        try await reportingFailure {
            let folder = try folder.open()
            let names = try [from, to].map { try folder.control.environment(project: project, environment: $0) }
            guard names[0] != names[1] else {
                throw OperatorError("an environment can't be promoted to itself", .usage)
            }
            let definitions = try folder.store(of: names[0]).definitions()
            let target = try folder.store(of: names[1])
            if check {
                try CheckOutput.run(on: target, definitions, asJSON: self.folder.json)
            } else {
                ChangeOutput.show(try target.apply(definitions), asJSON: self.folder.json)
            }
        }
    }
}
