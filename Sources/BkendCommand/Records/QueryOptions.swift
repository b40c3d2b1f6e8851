import ArgumentParser
import Bkend
import BkendWire

/// Which records of a table.
struct QueryOptions: ParsableArguments {
    @Argument(help: "The table.")
    var table: String
    @Option(
        name: [.customLong("where"), .customShort("w")],
        help: ArgumentHelp(
            "Only records that match: views >= 10 and (tags has \"swift\" or title ~ /^A/i).", valueName: "filter"))
    var filter: String?
    @Option(help: ArgumentHelp("Only records with this text, in any letter case.", valueName: "text"))
    var search: String?

    /// The query; nothing is sent.
    func query(_ client: BkendClient) throws -> RemoteQuery<JSONObject> {
        var query = client.table(table).query
        if let filter {
            do { query.parts.filter = try FilterParser.filter(filter) } catch {
                throw CommandFailure("--where: \(error)", .usage)
            }
        }
        if let search { query.parts.search = Query.Search(search) }
        return query
    }
}

/// How records are ordered, and which fields are shown.
struct ResultOptions: ParsableArguments {
    // A value may begin with a dash.
    @Option(
        parsing: .unconditional,
        help: ArgumentHelp("The field to order by; -createdAt for the greatest first.", valueName: "field"))
    var sort: String?
    @Option(help: ArgumentHelp("The fields to show: title,views.", valueName: "fields"))
    var select: String?

    /// The fields in the order in which they were named.
    var fields: [String]? {
        select.map { $0.split(separator: ",").map { $0.trimmingPrefix { $0 == " " }.description } }
    }

    func apply(to query: inout RemoteQuery<JSONObject>) throws {
        if let sort {
            let isDescending = sort.hasPrefix("-")
            let field = isDescending ? String(sort.dropFirst()) : sort
            if let flaw = FieldPath.flaw(in: field) { throw CommandFailure("--sort: \(flaw)", .usage) }
            query.parts.sort = [Query.Sort(field, isDescending ? .descending : .ascending)]
        }
        if let fields {
            if fields.isEmpty || fields.contains(where: \.isEmpty) {
                throw CommandFailure("--select names the fields to show: title,views", .usage)
            }
            query.parts.select = fields
        }
    }
}
