import ArgumentParser
import Bkend
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
            The definitions come from the server, or from a file: one that 'bkend-server apply' takes, what the server \
            answers for a table's spec, or what 'bkend-server table show --json' prints.
            """)

    @Argument(help: "The tables. May be left out with --tables, for all that the file has.")
    var tables: [String] = []
    @Option(
        name: .customLong("tables"),
        help: ArgumentHelp("A file with definitions, or - for standard input; no server is asked.", valueName: "file"))
    var file: String?
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
        if file == nil, tables.isEmpty {
            throw ValidationError("name the tables, or a file of definitions with --tables")
        }
        for name in names {
            let parts = name.split(separator: "=", omittingEmptySubsequences: false)
            let isType =
                parts.count == 2 && (parts[1].first.map { $0.isASCII && $0.isLetter } ?? false)
                && parts[1].allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "_") }
            guard isType, !SwiftName.types.contains(String(parts[1])), !SwiftName.isKeyword(String(parts[1]))
            else {
                throw ValidationError(
                    "--name is a table and a type that isn't one of Swift's or Bkend's: people=Person")
            }
        }
        try checkNames()
    }

    /// Whether each table and each type is named once.
    private func checkNames() throws {
        let pairs = names.map(Self.pair)
        guard Set(pairs.map(\.0)).count == pairs.count, Set(pairs.map(\.1)).count == pairs.count else {
            throw ValidationError("each --name is another table and another type")
        }
        guard Set(tables).count == tables.count else { throw ValidationError("a table is named twice") }
    }

    func run() async throws {
        try await reportingFailure {
            let definitions = try await definitions()
            let types = Dictionary(names.map(Self.pair), uniquingKeysWith: { $1 })
            for table in types.keys.sorted() where !definitions.contains(where: { $0.name == table }) {
                throw CommandFailure("--name is about the table \(table), which isn't among those to write", .usage)
            }
            let text = ModelWriter.text(definitions, access: access, names: types)
            guard let output else { return connection.output.text(text) }
            let present = FileManager.default.contents(atPath: output)
            let isSame = present == Data(text.utf8)
            if check {
                if !isSame { throw CommandFailure("\(output) isn't up to date; run the command without --check") }
            } else if !isSame {
                do { try Data(text.utf8).write(to: URL(filePath: output), options: .atomic) } catch {
                    throw CommandFailure("\(output) can't be written: \(error.localizedDescription)", .output)
                }
            }
        }
    }

    private static func pair(_ name: String) -> (String, String) {
        let parts = name.split(separator: "=")
        return (String(parts[0]), String(parts[1]))
    }

    private func definitions() async throws -> [TableDefinition] {
        if let file { return try chosen(from: Self.definitions(in: file)) }
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

    /// The tables that were named, or all of them.
    private func chosen(from found: [TableDefinition]) throws -> [TableDefinition] {
        if tables.isEmpty { return found }
        return try tables.map { name in
            guard let table = found.first(where: { $0.name.hasSameBytes(as: name) }) else {
                throw CommandFailure("the file defines no table \(name)", .notFound)
            }
            return table
        }
    }

    private static func definitions(in file: String) throws -> [TableDefinition] {
        let bytes =
            file == "-"
            ? try RecordInput.standardInput() : FileManager.default.contents(atPath: file).map { [UInt8]($0) }
        guard let bytes else { throw CommandFailure("\(file) can't be read", .notFound) }
        let place = file == "-" ? "standard input" : file
        do {
            let json = try JSON(parsing: bytes)
            // What `bkend-server table show --json` prints holds the definition.
            return try TableDefinition.tables(json["definition"].map { ["tables": [$0]] } ?? json)
        } catch let error as JSONError {
            throw CommandFailure("\(place) isn't JSON: \(error)", .data)
        } catch let error as TableDefinitionError {
            throw CommandFailure("\(place): \(error)", .data)
        }
    }
}

extension ModelWriter.Access: ExpressibleByArgument {}
