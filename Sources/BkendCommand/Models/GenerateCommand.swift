import ArgumentParser
import Bkend
import BkendModelWriter
import BkendServer
import BkendWire
import Foundation

struct GenerateCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "generate", abstract: "Write code from the definitions of tables.",
        subcommands: [GenerateSwiftCommand.self])
}

struct GenerateSwiftCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "swift",
        abstract: "Write Swift models of tables.",
        discussion: """
            The definitions come from the server, from a file, or from a server's data folder. The file is one that \
            'bkend-server apply' takes, what the server answers for a table's spec, or what 'bkend-server table show \
            --json' prints. A data folder is only read, also while a server runs on it.
            """)

    @Argument(help: "The tables. May be left out with --tables and --data, for all that are there.")
    var tables: [String] = []
    @Option(
        name: .customLong("tables"),
        help: ArgumentHelp("A file with definitions, or - for standard input; no server is asked.", valueName: "file"))
    var file: String?
    @Option(
        name: .customLong("data"),
        help: ArgumentHelp("A server's data folder, which is only read; no server is asked.", valueName: "folder"))
    var folder: String?
    @Option(help: ArgumentHelp("With --data: the project. May be left out when the folder has one.", valueName: "name"))
    var project: String?
    @Option(
        name: .customLong("env"),
        help: ArgumentHelp(
            "With --data: the environment, \(EnvironmentName.defaultEnvironment) unless named.", valueName: "name"))
    var environment: String?
    @Option(help: ArgumentHelp("The file to write. Otherwise the code goes to standard output.", valueName: "file"))
    var output: String?
    @Flag(help: "Write nothing; end with status 1 if the file of --output isn't what would be written.")
    var check = false
    @Option(help: "The declarations' access level: internal, package or public.")
    var access = ModelWriter.Access.internal
    @Option(
        name: .customLong("name"),
        help: ArgumentHelp("A table's type, where it isn't the table's name in the singular.", valueName: "table=Type"))
    var names: [String] = []
    @OptionGroup var connection: ConnectionOptions

    func validate() throws {
        if check, output == nil { throw ValidationError("--check compares the file of --output, which isn't given") }
        if file != nil, folder != nil { throw ValidationError("--tables and --data exclude each other") }
        if folder == nil, project != nil || environment != nil {
            throw ValidationError("--project and --env go with --data")
        }
        if file == nil, folder == nil, tables.isEmpty {
            throw ValidationError("name the tables, a file of definitions with --tables, or a data folder with --data")
        }
        do { _ = try ModelNames(names) } catch { throw ValidationError(error.description) }
        guard Set(tables).count == tables.count else { throw ValidationError("a table is named twice") }
    }

    func run() async throws {
        try await reportingFailure {
            do {
                let text = try ModelNames(names).text(of: await definitions(), access: access)
                guard let output else { return connection.output.text(text) }
                let file = ModelFile(path: output)
                if check { try file.check(text) } else { try file.write(text) }
            } catch let failure as ModelFailure {
                throw CommandFailure(failure.description, ExitStatus(failure.reason))
            }
        }
    }

    private func definitions() async throws -> [TableDefinition] {
        if let folder { return try definitions(inFolder: folder) }
        if let file {
            let found =
                file == "-"
                ? try DefinitionFile(RecordInput.standardInput(), place: "standard input")
                : try DefinitionFile(path: file)
            return try found.tables(named: tables)
        }
        let client = try connection.connection().client()
        do {
            var found: [TableDefinition] = []
            for table in tables { found.append(try await client.spec(of: table)) }
            await client.shutdown()
            return found
        } catch {
            await client.shutdown()
            throw error
        }
    }

    private func definitions(inFolder folder: String) throws -> [TableDefinition] {
        do {
            let (name, found) = try DataFolder.definitions(
                at: folder, project: project, environment: environment ?? EnvironmentName.defaultEnvironment)
            if found.isEmpty { throw CommandFailure("environment \(name) of \(folder) has no tables", .notFound) }
            return try found.chosen(tables, from: "environment \(name) of \(folder)")
        } catch let error as OperatorError {
            throw CommandFailure(error.description, ExitStatus(error.reason))
        }
    }
}

extension ExitStatus {
    fileprivate init(_ reason: ModelFailure.Reason) {
        self =
            switch reason {
            case .usage: .usage
            case .missing: .notFound
            case .data: .data
            case .outdated: .failure
            case .output: .output
            }
    }
}

extension ExitStatus {
    fileprivate init(_ reason: OperatorError.Reason) {
        self =
            switch reason {
            case .missing: .notFound
            case .usage: .usage
            case .data: .data
            case .denied: .denied
            case .refused, .present, .storage: .failure
            }
    }
}

extension ModelWriter.Access: ExpressibleByArgument {}
