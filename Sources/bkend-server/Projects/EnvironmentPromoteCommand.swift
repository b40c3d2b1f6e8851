import ArgumentParser
import BkendServer
import BkendWire

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
            guard names[0] != names[1] else { throw OperatorError("an environment can't be promoted to itself") }
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
