import ArgumentParser
import Bkend
import BkendWire

struct CountCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "count", abstract: "Count records of a table.")

    @OptionGroup var query: QueryOptions
    @OptionGroup var connection: ConnectionOptions

    func run() async throws {
        try await connection.run { client, output in
            output.json(.int(Int64(try await query.query(client).count())))
        }
    }
}
