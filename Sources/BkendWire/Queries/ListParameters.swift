/// The parameters that a list takes (rest-api.md §4). Any other is refused: a filter that is passed over shows more than
/// was asked for, another user's rows among them.
package struct ListParameters: Sendable {
    /// What is listed.
    private let subject: String
    private let names: [String]

    /// The parameters of lists of records.
    package static let records = ListParameters(
        subject: "records",
        names: [
            "page", "limit", "offset", "sortBy", "sortDirection", "search", "searchType", "andFilters", "orFilters",
            "select", "fields",
        ])

    /// The parameters of lists of users. Linked accounts aren't part of a user yet, whatever `includeAccounts` says.
    package static let users = ListParameters(
        subject: "users",
        names: ["page", "limit", "offset", "sortBy", "sortDirection", "search", "searchType", "includeAccounts"])

    /// The parameters of lists of files.
    package static let files = ListParameters(
        subject: "files",
        names: [
            "page", "limit", "offset", "sortBy", "sortDirection", "search", "visibility", "ownerType", "ownerId",
            "bucket",
            "mimeType",
        ])

    /// The parameters of lists of sessions.
    package static let sessions = ListParameters(subject: "sessions", names: ["page", "limit", "offset"])

    /// Refuses the first parameter that the list doesn't take.
    ///
    /// - Throws: `QueryError` that names it and shows the right form.
    package func check(_ items: [QueryItem]) throws(QueryError) {
        for item in items where !takes(item.name) { throw refusal(of: item) }
    }

    private func takes(_ name: String) -> Bool { names.contains { $0.hasSameBytes(as: name) } }

    /// Why a parameter isn't taken, and what to write in its place.
    func refusal(of item: QueryItem) -> QueryError {
        let form = form(of: item).map { "; write \($0)" } ?? ""
        return QueryError(
            parameter: item.name.shortened(to: 64),
            message:
                "is not a parameter of lists of \(subject)\(form). The parameters are \(names.joined(separator: ", "))"
        )
    }

    /// The parameters that say what another one was probably meant to say.
    private func form(of item: QueryItem) -> String? {
        let parts = item.name.split(separator: "[", omittingEmptySubsequences: false).map { part in
            String(part.last == "]" ? part.dropLast() : part)
        }
        let value = item.value.shortened(to: 64)
        switch (parts.count, Self.meanings[Self.plain(parts[0])]) {
        case (1, let meaning?): return form(meaning, value)
        case (1, nil): return equality(parts[0], value)
        case (2, "andFilters"), (2, "orFilters"): return equality(parts[1], value)
        case (2, "sortBy"): return form("sortBy", "\(parts[1]):\(value)")
        case (2, "page"): return form(Self.meanings[Self.plain(parts[1])] ?? "page", value)
        case (2, _): return condition(parts[0], parts[1], value)
        case (3, "andFilters"), (3, "orFilters"): return condition(parts[1], parts[2], value)
        default: return takes("andFilters") ? #"andFilters={"field":"value"}"# : nil
        }
    }

    private func form(_ parameter: String, _ value: String) -> String? {
        switch parameter {
        case "andFilters", "orFilters":
            guard takes(parameter) else { return nil }
            let isObject = (try? JSON(parsing: value))?.objectValue != nil
            return "\(parameter)=" + (isObject ? value : #"{"field":"value"}"#)
        case "sortBy", "sortDirection":
            guard takes("sortBy") else { return nil }
            let words = value.split { ": ,".contains($0) }.map(String.init)
            let direction = words.lazy.compactMap(Self.direction).first
            let field = words.first { Self.direction($0) == nil }
            let name = field.map { "sortBy=" + ($0.hasPrefix("-") ? String($0.dropFirst()) : $0) }
            let order = (direction ?? (field?.hasPrefix("-") == true ? "desc" : nil)).map { "sortDirection=\($0)" }
            let parts = [name, order].compactMap { $0 }
            return parts.isEmpty ? "sortBy=createdAt&sortDirection=desc" : parts.joined(separator: "&")
        default: return takes(parameter) ? "\(parameter)=\(value)" : nil
        }
    }

    /// A filter by a field's value.
    private func equality(_ field: String, _ value: String) -> String? {
        guard takes("andFilters"), FieldPath.flaw(in: field) == nil else { return nil }
        return "andFilters[\(field.shortened(to: 64))]=\(value)"
    }

    /// A filter by an operator.
    private func condition(_ field: String, _ name: String, _ value: String) -> String? {
        guard takes("andFilters"), FieldPath.flaw(in: field) == nil else { return nil }
        let operators = ["eq", "ne", "gt", "gte", "lt", "lte", "in", "nin", "regex", "exists", "contains"]
        guard let known = operators.first(where: { $0 == Self.plain(name) }) else { return nil }
        let operand = (try? JSON(parsing: value)) ?? .string(value)
        let filter: JSONObject = [field.shortened(to: 64): ["$\(known)": operand]]
        return "andFilters=\(filter)"
    }

    private static func direction(_ word: String) -> String? {
        switch word.lowercased() {
        case "asc", "ascending", "1": "asc"
        case "desc", "descending", "-1": "desc"
        default: nil
        }
    }

    /// A name as it is compared: in lower case, without what only separates words.
    private static func plain(_ name: String) -> String { name.lowercased().filter { !"_-$.".contains($0) } }

    /// What other APIs call these parameters.
    private static let meanings: [String: String] = {
        var meanings: [String: String] = [:]
        for (name, others) in [
            ("page", "page pagenumber pageindex pageno number"),
            ("limit", "limit pagesize perpage size count take top first max maxresults"),
            ("offset", "offset skip start"), ("sortBy", "sortby sort orderby order ordering sortfield"),
            ("sortDirection", "sortdirection sortorder sortdir orderdirection orderdir direction dir"),
            ("search", "search q query keyword term searchterm"), ("searchType", "searchtype searchfield searchin"),
            ("andFilters", "andfilters andfilter filter filters where and conditions"),
            ("orFilters", "orfilters orfilter or"),
            ("select", "select fields columns attributes projection"), ("includeAccounts", "includeaccounts"),
        ] {
            for other in others.split(separator: " ") { meanings[String(other)] = name }
        }
        return meanings
    }()
}
