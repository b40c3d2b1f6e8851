import ArgumentParser
import Bkend
import BkendWire

struct UpdateCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "update", abstract: "Set fields of a record; the others stay as they are.")

    @Argument(help: "The table.")
    var table: String
    @Argument(help: "The record's id.")
    var id: String
    @Argument(help: "The fields as a JSON object, or - for standard input.")
    var fields: String
    @OptionGroup var connection: ConnectionOptions

    func run() async throws {
        try await connection.run { client, output in
            let fields = try RecordInput.object(fields)
            if fields.isEmpty { throw CommandFailure("the object names no field to set", .usage) }
            output.record(try await client.table(table).update(id, fields: fields).json)
        }
    }
}
