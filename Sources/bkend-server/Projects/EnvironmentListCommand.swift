import ArgumentParser
import BkendServer
import BkendWire

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
