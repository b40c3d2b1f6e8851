import ArgumentParser
import BkendServer
import BkendWire
import Foundation

/// `bkend-server apply DIR TABLES.json`
struct ApplyCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "apply",
        abstract: "Create or alter tables from a JSON file, all or none.",
        discussion: """
            Safe to repeat, and while a server runs on the folder. Tables that the file doesn't name stay. Records stay as
            they are: --check tells beforehand which of them the new rules would refuse.
            """)

    @OptionGroup var folder: FolderOptions
    @Argument(help: "A file with {\"tables\":[…]}, or what /spec answered; - reads standard input.")
    var tables: String
    @OptionGroup var environment: EnvironmentOptions
    @Flag(help: "Change nothing; say what would change, and which stored records would fail (then status 1).")
    var check = false

    func run() async throws {
        try await reportingFailure {
            let store = try environment.store(in: try folder.open())
            if check {
                try CheckOutput.run(on: store, try read(), asJSON: folder.json)
            } else {
                ChangeOutput.show(try store.apply(try read()), asJSON: folder.json)
            }
        }
    }

    private func read() throws -> JSON {
        let bytes: Data
        if tables == "-" {
            bytes = FileHandle.standardInput.readDataToEndOfFile()
        } else {
            guard let contents = FileManager.default.contents(atPath: tables) else {
                throw OperatorError("can't read the file \(tables)", .missing)
            }
            bytes = contents
        }
        do { return try JSON(parsing: bytes) } catch { throw OperatorError("\(tables): \(error)", .data) }
    }
}
