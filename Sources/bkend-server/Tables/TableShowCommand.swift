import ArgumentParser
import BkendServer
import BkendWire

/// `bkend-server table show DIR TABLE`
struct TableShowCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "show", abstract: "Show a table: its records' number, and its definition as apply takes it.")

    @OptionGroup var folder: FolderOptions
    @Argument(help: "The table.")
    var table: String
    @OptionGroup var environment: EnvironmentOptions

    func run() async throws {
        try await reportingFailure {
            let table = try environment.store(in: try folder.open()).table(self.table)
            if folder.json {
                var json = table.json
                json["definition"] = .object(table.definition.json)
                return StandardOutput.json(json)
            }
            StandardOutput.line("table \(table.name), version \(table.version), \(table.records) records")
            StandardOutput.line(table.definition.json.indented)
        }
    }
}
