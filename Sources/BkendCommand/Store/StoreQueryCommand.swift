import ArgumentParser
import Bkend
import BkendWire

struct StoreQueryCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "query",
        abstract: "Show records of a local store, with what waits for the server in them.",
        discussion: "The filters are those of 'bkend list'; 'not' is allowed, too.")

    @OptionGroup var options: StoreOptions
    @Argument(help: "The table.")
    var table: String
    @Option(
        name: [.customLong("where"), .customShort("w")],
        help: ArgumentHelp("Only records that match.", valueName: "filter"))
    var filter: String?
    @OptionGroup var result: ResultOptions
    @Option(help: "How many records, at most.")
    var limit = 20
    @Option(help: ArgumentHelp("How many of the first ones to leave out.", valueName: "count"))
    var skip = 0

    func validate() throws {
        guard limit >= 1, skip >= 0 else { throw ValidationError("--limit is at least 1, --skip at least 0") }
    }

    func run() async throws {
        try await options.run { store, output in
            var query = store.table(table).query
            if let filter { query.parts.filter = try FilterParser.reading(filter) }
            query.parts.sort = try result.order()
            let found = try await query.limit(limit).offset(skip).fetch()
            let fields = try result.fields()
            if output.isJSON {
                for record in found { output.json(.object(ResultOptions.selected(record.json, fields))) }
            } else {
                output.table(found.map(\.json), fields: fields)
                let total = try await query.count()
                if skip + found.count < total {
                    Output.note("\(found.count) of \(total) records; --limit and --skip show others")
                }
            }
        }
    }
}
