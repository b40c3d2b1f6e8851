import ArgumentParser
import Bkend

struct GetCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "get", abstract: "Show one record.")

    @Argument(help: "The table.")
    var table: String
    @Argument(help: "The record's id.")
    var id: String
    @OptionGroup var connection: ConnectionOptions

    func run() async throws {
        try await connection.run { client, output in
            output.record(try await client.table(table).get(id).json)
        }
    }
}
