import ArgumentParser
import Bkend
import BkendWire

struct DeleteCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "delete", abstract: "Delete records by their ids.")

    @Argument(help: "The table.")
    var table: String
    @Argument(help: "The records' ids.")
    var ids: [String]
    @OptionGroup var connection: ConnectionOptions

    func run() async throws {
        try await connection.run { client, output in
            // Before the first is deleted.
            if ids.contains(where: \.isEmpty) { throw CommandFailure("an id is empty", .usage) }
            for (index, id) in ids.enumerated() {
                do throws(BkendError) { try await client.table(table).delete(id) } catch {
                    if index > 0 { Output.note("bkend: the first \(index) of \(ids.count) records were deleted") }
                    throw error
                }
                if output.isJSON { output.json(.string(id)) }
            }
            if !output.isJSON { output.line(ids.count == 1 ? "deleted" : "deleted \(ids.count) records") }
        }
    }
}
