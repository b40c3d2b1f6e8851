import ArgumentParser
import BkendServer
import BkendWire

/// `bkend-server table versions DIR TABLE`
struct TableVersionsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "versions", abstract: "List every definition that a table had, also of one that was dropped.")

    @OptionGroup var folder: FolderOptions
    @Argument(help: "The table.")
    var table: String
    @OptionGroup var environment: EnvironmentOptions

    func run() async throws {
        try await reportingFailure {
            let versions = try environment.store(in: try folder.open()).versions(of: table)
            if folder.json {
                StandardOutput.json(
                    versions.map {
                        [
                            "version": .int(Int64($0.version)), "createdAt": .string($0.createdAt),
                            "current": .bool($0.isCurrent), "changes": .array($0.changes.map(JSON.string)),
                            "definition": .object($0.definition.json),
                        ]
                    })
            } else {
                StandardOutput.table(
                    ["VERSION", "CREATED", "CURRENT", "CHANGES"],
                    versions.map {
                        [
                            "\($0.version)", $0.createdAt, $0.isCurrent ? "yes" : "",
                            $0.changes.joined(separator: ", "),
                        ]
                    })
            }
        }
    }
}
