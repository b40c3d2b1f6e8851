import ArgumentParser
import Bkend
import BkendWire

struct CreateCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "create",
        abstract: "Create records.",
        discussion: """
            Records are one JSON object, an array of objects, or one object on each line. They are sent in requests of \
            up to a hundred, each of which is stored as a whole or not at all.
            """)

    @Argument(help: "The table.")
    var table: String
    @Argument(help: "The records as JSON, or - for standard input.")
    var records: String
    @OptionGroup var connection: ConnectionOptions

    /// How many records one request takes.
    private static let batch = 100

    func run() async throws {
        try await connection.run { client, output in
            let objects = try RecordInput.objects(records)
            var printer = RecordPrinter(output, fields: nil)
            defer { printer.end() }
            if objects.count == 1 {
                let record = try await client.table(table).create(objects[0]).json
                return output.record(record)
            }
            for start in stride(from: 0, to: objects.count, by: Self.batch) {
                let part = Array(objects[start..<min(start + Self.batch, objects.count)])
                do throws(BkendError) {
                    for record in try await client.table(table).createAll(part) {
                        printer.take(record.json, of: objects.count)
                    }
                } catch {
                    if start > 0 { Output.note("bkend: the first \(start) of \(objects.count) records were created") }
                    throw error
                }
            }
        }
    }
}
