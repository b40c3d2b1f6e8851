import ArgumentParser
import Bkend
import BkendWire
import Foundation

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
        if let filter { query.parts.filter = try FilterParser.reading(filter) }
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

    /// The fields in the order in which they were named; nil for all.
    func fields() throws -> [String]? {
        guard let select else { return nil }
        let fields = select.split(separator: ",", omittingEmptySubsequences: false)
            .map { $0.trimmingCharacters(in: .whitespaces) }
        if fields.contains(where: \.isEmpty) {
            throw CommandFailure("--select names the fields to show: title,views", .usage)
        }
        return fields
    }

    /// A record with some of its fields, in their order; nil for all.
    static func selected(_ record: JSONObject, _ fields: [String]?) -> JSONObject {
        guard let fields else { return record }
        return JSONObject(fields.compactMap { field in record[field].map { (field, $0) } })
    }

    /// The order that was asked for.
    func order() throws -> [Query.Sort] {
        guard let sort else { return [] }
        let isDescending = sort.hasPrefix("-")
        let field = (isDescending ? String(sort.dropFirst()) : sort).trimmingCharacters(in: .whitespaces)
        if let flaw = FieldPath.flaw(in: field) { throw CommandFailure("--sort: \(flaw)", .usage) }
        return [Query.Sort(field, isDescending ? .descending : .ascending)]
    }

    func apply(to query: inout RemoteQuery<JSONObject>) throws {
        query.parts.sort = try order()
        query.parts.select = try fields()
    }
}

extension FilterParser {
    /// The filter that the option `--where` describes.
    ///
    /// - Throws: `CommandFailure`
    static func reading(_ text: String) throws -> Filter {
        do { return try filter(text) } catch { throw CommandFailure("--where: \(error)", .usage) }
    }
}
