import ArgumentParser
import BkendServer
import BkendWire

/// `bkend-server table drop DIR TABLE --yes`
struct TableDropCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "drop", abstract: "Drop a table with its records, for good.",
        discussion: "Without --yes it only says what would go, with status 1.")

    @OptionGroup var folder: FolderOptions
    @Argument(help: "The table.")
    var table: String
    @OptionGroup var environment: EnvironmentOptions
    @Flag(help: "Do it.")
    var yes = false

    func run() async throws {
        try await reportingFailure {
            let folder = try folder.open()
            let name = try environment.name(in: folder)
            let store = try folder.store(of: name)
            let entry = try store.table(table)
            guard yes else {
                throw OperatorError(
                    "this would drop \(entry.name) of \(name) with its \(entry.records) records, for good: give --yes")
            }
            let records = try store.drop(entry.name)
            if self.folder.json {
                StandardOutput.json(["table": .string(entry.name), "records": .int(Int64(records)), "dropped": true])
            } else {
                StandardOutput.line("table \(entry.name) dropped, with \(records) records")
            }
        }
    }
}
