import ArgumentParser
import Bkend
import BkendTerminal
import BkendWire

struct ListCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list",
        abstract: "Show records of a table.",
        discussion: """
            A filter compares fields with values in JSON's form: =, !=, <, <=, >, >=, in [1, 2], not in [1, 2], \
            ~ /pattern/i, has "text", exists, missing. Comparisons are combined by and, or and parentheses. Text in \
            single quotes is text as well. A name that is no plain word stands in backquotes.
            """)

    @OptionGroup var query: QueryOptions
    @OptionGroup var result: ResultOptions
    @Option(help: "How many records, at most.")
    var limit = 20
    @Option(help: ArgumentHelp("How many of the first ones to leave out.", valueName: "count"))
    var skip = 0
    @Flag(help: "All records, page after page.")
    var all = false
    @OptionGroup var connection: ConnectionOptions

    func validate() throws {
        guard limit >= 1, skip >= 0 else { throw ValidationError("--limit is at least 1, --skip at least 0") }
        if all, skip > 0 { throw ValidationError("--all and --skip exclude each other") }
        if all, result.sort != nil {
            throw ValidationError("--all brings records in the order of their ids, without --sort")
        }
    }

    func run() async throws {
        try await connection.run { client, output in
            var query = try query.query(client)
            try result.apply(to: &query)
            var printer = RecordPrinter(output, fields: try result.fields())
            defer { printer.end() }
            if all {
                let total = output.terminal.showsProgress ? try await query.count() : nil
                for try await record in query.all() { printer.take(record.json, of: total) }
            } else {
                try await pages(of: query, output, &printer)
            }
        }
    }

    /// Reads pages of at most a hundred rows up to the limit.
    private func pages(
        of query: RemoteQuery<JSONObject>, _ output: Output, _ printer: inout RecordPrinter
    ) async throws {
        var taken = 0
        var total = 0
        while taken < limit {
            let count = min(limit - taken, Query.Page.maximumLimit)
            let page = try await query.page(offset: skip + taken, limit: count)
            for record in page.records { printer.take(record.json, of: nil) }
            if let flawed = page.undecodable.first { throw CommandFailure("\(flawed)") }
            taken += page.records.count
            total = page.pagination.total
            if page.records.isEmpty || skip + taken >= total { break }
        }
        printer.flush()
        if !output.isJSON, skip + taken < total {
            Output.note("\(taken) of \(total) records; --limit, --skip or --all show others")
        }
    }
}

/// Prints records as they come: lines of JSON, or a table whose columns the first hundred decide.
struct RecordPrinter {
    private let output: Output
    private let fields: [String]?
    private var waiting: [JSONObject] = []
    private var table: RecordTable?
    private var progress: ProgressBar
    private var count = 0

    init(_ output: Output, fields: [String]?) {
        self.output = output
        self.fields = fields
        // Where lines are seen as they come, they are progress enough.
        progress = ProgressBar(isShown: output.terminal.showsProgress && output.terminal.columns == nil)
    }

    /// Takes a record.
    ///
    /// - Parameter total: how many there are, where that is known.
    mutating func take(_ record: JSONObject, of total: Int?) {
        count += 1
        progress.show(count, of: total, "records")
        if output.isJSON { return output.json(.object(record)) }
        if let table { return output.line(table.line(record)) }
        waiting.append(record)
        if waiting.count == Query.Page.maximumLimit { flush() }
    }

    /// Prints what waits for the columns.
    mutating func flush() {
        guard table == nil, !waiting.isEmpty else { return }
        let made = RecordTable(waiting, fields: fields, terminal: output.terminal)
        output.line(made.heading)
        for record in waiting { output.line(made.line(record)) }
        waiting = []
        table = made
    }

    /// Prints the rest.
    mutating func end() {
        progress.end()
        flush()
        if let hidden = table?.hidden, !hidden.isEmpty {
            Output.note("no room for \(hidden.joined(separator: ", ")); use --select or --json")
        }
    }
}
