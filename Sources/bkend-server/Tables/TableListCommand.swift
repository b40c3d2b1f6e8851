import ArgumentParser
import BkendServer
import BkendWire

/// `bkend-server table list DIR`
struct TableListCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "list", abstract: "List the tables of an environment.")

    @OptionGroup var folder: FolderOptions
    @OptionGroup var environment: EnvironmentOptions

    func run() async throws {
        try await reportingFailure {
            let tables = try environment.store(in: try folder.open()).tables()
            if folder.json {
                StandardOutput.json(tables.map(\.json))
            } else {
                StandardOutput.table(
                    ["TABLE", "VERSION", "RECORDS", "FIELDS", "INDEXES"],
                    tables.map { table in
                        let counts = [
                            table.version, table.records, table.definition.schema.properties.count,
                            table.definition.indexes.count,
                        ]
                        return [table.name] + counts.map { "\($0)" }
                    })
            }
        }
    }
}

extension TableEntry {
    /// What `--json` says of a table in a list.
    var json: JSONObject {
        ["table": .string(name), "version": .int(Int64(version)), "records": .int(Int64(records))]
    }
}
