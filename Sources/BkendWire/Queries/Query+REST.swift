extension Query {
    /// The query's parameters as the REST API takes them; what equals the server's default is left out.
    ///
    /// - Throws: `FilterNotExpressible` when the filter, or an order by several fields, has no such form.
    public func queryItems() throws(FilterNotExpressible) -> [QueryItem] {
        let form = try filter.rest()
        var items: [QueryItem] = []
        if page.offset == nil, page.number != 1 { items.append(QueryItem("page", String(page.number))) }
        if let offset = page.offset { items.append(QueryItem("offset", String(offset))) }
        if page.limit != Page.defaultLimit { items.append(QueryItem("limit", String(page.limit))) }
        if let first = sort.first {
            guard sort.dropFirst().allSatisfy({ $0.field == "id" && $0.direction == first.direction }) else {
                throw FilterNotExpressible(field: sort[1].field, reason: .secondSortField)
            }
            items.append(QueryItem("sortBy", first.field))
            items.append(QueryItem("sortDirection", first.direction.rawValue))
        }
        if let search {
            items.append(QueryItem("search", search.text))
            if let field = search.field { items.append(QueryItem("searchType", field)) }
        }
        if let and = form.andFilters { items.append(QueryItem("andFilters", and.description)) }
        if let or = form.orFilters { items.append(QueryItem("orFilters", or.description)) }
        if let select { items.append(QueryItem("select", select.joined(separator: ","))) }
        return items
    }

    /// Reads a query from its parameters. Unknown parameters are ignored, as bkend ignores them.
    ///
    /// - Parameter typed: what the text of a bracket-form value (`andFilters[field]=value`) means for that field; the
    ///   caller knows the schema.
    /// - Throws: `QueryError` that names the parameter and the place.
    package init(
        queryItems: [QueryItem], limits: QueryLimits = QueryLimits(),
        typed: (_ field: String, _ text: String) -> JSON = { .string($1) }
    ) throws(QueryError) {
        self.init()
        var reader = FilterReader(limits: limits)
        var all: [Filter] = []
        var any: [Filter]?
        var field: String?
        var direction = Sort.Direction.descending
        var searchText: String?
        var searchField: String?
        for item in queryItems {
            switch item.name {
            case "page": page.number = try Self.number(item, from: 1)
            case "limit": page.limit = min(try Self.number(item, from: 1), Page.maximumLimit)
            case "offset": page.offset = try Self.number(item, from: 0)
            case "sortBy": field = try Self.path(item, limits: limits)
            case "sortDirection":
                guard let value = Sort.Direction(rawValue: item.value) else {
                    throw QueryError(parameter: item.name, message: "must be asc or desc")
                }
                direction = value
            case "search":
                guard item.value.utf8.count <= limits.searchLength else {
                    throw QueryError(parameter: item.name, message: "may have at most \(limits.searchLength) bytes")
                }
                searchText = item.value.isEmpty ? nil : item.value
            case "searchType": searchField = item.value.isEmpty ? nil : try Self.path(item, limits: limits)
            case "select", "fields": select = try Self.fields(item, limits: limits)
            case "andFilters":
                all += try reader.conditions(json: item.value, parameter: item.name).map(Filter.condition)
            case "orFilters":
                let branches = try reader.conditions(json: item.value, parameter: item.name)
                if !branches.isEmpty { any = (any ?? []) + branches.map(Filter.condition) }
            default:
                guard let (parameter, field) = Self.bracketed(item.name) else { continue }
                let object: JSONObject = [field: typed(field, item.value)]
                let conditions = try reader.conditions(object, parameter: parameter).map(Filter.condition)
                if parameter == "andFilters" { all += conditions } else { any = (any ?? []) + conditions }
            }
        }
        if let any { all.append(any.count == 1 ? any[0] : .anyOf(any)) }
        filter = all.count == 1 ? all[0] : .allOf(all)
        search = searchText.map { Search($0, in: searchField) }
        sort = [Sort(field ?? "id", direction)]
    }

    private static func number(_ item: QueryItem, from least: Int) throws(QueryError) -> Int {
        guard let value = Int(item.value), item.value.utf8.first != 0x2B, value >= least else {
            throw QueryError(parameter: item.name, message: "must be a whole number from \(least)")
        }
        return value
    }

    private static func path(_ item: QueryItem, limits: QueryLimits) throws(QueryError) -> String {
        if let flaw = FieldPath.flaw(in: item.value, limits: limits) {
            throw QueryError(parameter: item.name, path: item.value, message: flaw)
        }
        return item.value
    }

    private static func fields(_ item: QueryItem, limits: QueryLimits) throws(QueryError) -> [String]? {
        let names = item.value.utf8.split(separator: 0x2C).map { part in
            String(decoding: part, as: UTF8.self).trimmingSpaces
        }.filter { !$0.isEmpty }
        if names.isEmpty { return nil }
        guard names.count <= limits.conditions else {
            throw QueryError(parameter: item.name, message: "may name at most \(limits.conditions) fields")
        }
        for name in names {
            if let flaw = FieldPath.flaw(in: name, limits: limits) {
                throw QueryError(parameter: item.name, path: name, message: flaw)
            }
        }
        return names
    }

    /// `andFilters[field]` taken apart.
    private static func bracketed(_ name: String) -> (parameter: String, field: String)? {
        for parameter in ["andFilters", "orFilters"] where name.hasPrefix(parameter + "[") && name.hasSuffix("]") {
            return (parameter, String(name.dropFirst(parameter.count + 1).dropLast()))
        }
        return nil
    }
}

extension String {
    fileprivate var trimmingSpaces: String {
        var text = self[...]
        while text.first == " " { text.removeFirst() }
        while text.last == " " { text.removeLast() }
        return String(text)
    }
}
