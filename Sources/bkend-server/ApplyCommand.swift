#if Server
import ArgumentParser
import BkendServer
import BkendWire
import Foundation

/// `bkend-server apply DIR TABLES.json`
struct ApplyCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "apply",
        abstract: "Create or alter tables from a JSON file, all or none.",
        discussion: "Safe to repeat, and while a server runs on the folder. Tables that the file doesn't name stay.")

    @Argument(help: "The data folder.")
    var directory: String
    @Argument(help: "A file with {\"tables\":[…]}; - reads standard input.")
    var tables: String
    @Option(help: "The project; may be left out when the folder has one.")
    var project: String?
    @Option(help: "The environment.")
    var env = EnvironmentName.defaultEnvironment

    func run() async throws {
        try await reportingFailure {
            let folder = try DataFolder.open(at: directory)
            let name = try folder.control.environment(project: project, environment: env)
            let changes = try folder.apply(try read(), to: name, now: .systemNow)
            for change in changes where !change.changes.isEmpty { StandardOutput.line(change.description) }
            if changes.allSatisfy(\.changes.isEmpty) { StandardOutput.line("no changes") }
        }
    }

    private func read() throws -> JSON {
        let bytes: Data
        if tables == "-" {
            bytes = FileHandle.standardInput.readDataToEndOfFile()
        } else {
            guard let contents = FileManager.default.contents(atPath: tables) else {
                throw OperatorError("can't read the file \(tables)")
            }
            bytes = contents
        }
        do { return try JSON(parsing: bytes) } catch { throw OperatorError("\(tables): \(error)") }
    }
}
#endif
