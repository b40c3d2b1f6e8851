import ArgumentParser
import BkendServer
import BkendWire

/// `bkend-server table rollback DIR TABLE VERSION`
struct TableRollbackCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "rollback", abstract: "Put an earlier definition in force again, as a new version.",
        discussion: "Records stay as they are. bkend-server apply --check tells beforehand which would fail.")

    @OptionGroup var folder: FolderOptions
    @Argument(help: "The table.")
    var table: String
    @Argument(help: "The version, as table versions shows it.")
    var version: Int
    @OptionGroup var environment: EnvironmentOptions

    func run() async throws {
        try await reportingFailure {
            let store = try environment.store(in: try folder.open())
            ChangeOutput.show([try store.rollBack(table, to: version)], asJSON: folder.json)
        }
    }
}
