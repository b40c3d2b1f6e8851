import ArgumentParser
import BkendServer
import BkendWire

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
