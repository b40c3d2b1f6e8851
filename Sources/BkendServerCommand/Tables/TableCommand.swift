import ArgumentParser
import BkendServer
import BkendWire

/// `bkend-server table …`
struct TableCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "table", abstract: "List, show and drop tables; their versions; rollback.",
        discussion: "Tables are made and altered by bkend-server apply.",
        subcommands: [
            TableListCommand.self, TableShowCommand.self, TableVersionsCommand.self, TableRollbackCommand.self,
            TableDropCommand.self,
        ])
}

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
