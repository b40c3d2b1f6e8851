extension Query {
    /// The query's parameters as the REST API takes them; what equals the server's default is left out.
    ///
    /// - Throws: `FilterNotExpressible` when the filter, or an order by several fields, has no such form.
    package func queryItems() throws(FilterNotExpressible) -> [QueryItem] {
        let form = try filter.rest()
        var items: [QueryItem] = []
        if page.offset == nil, page.number != 1 { items.append(QueryItem("page", String(page.number))) }
        if let offset = page.offset { items.append(QueryItem("offset", String(offset))) }
        if page.limit != Page.defaultLimit { items.append(QueryItem("limit", String(page.limit))) }
        if let first = sort.first {
            // Nothing after `id` matters, and ties break by it anyway.
            let isWhole = first.field == "id" || sort.count == 1 || sort[1] == Sort("id", first.direction)
            guard isWhole else {
                throw FilterNotExpressible(field: sort[1].field, reason: .secondSortField)
            }
            items.append(QueryItem("sortBy", first.field))
            items.append(QueryItem("sortDirection", first.direction.rawValue))
        }
        if let search, !search.text.isEmpty {
            items.append(QueryItem("search", search.text))
            if let field = search.field { items.append(QueryItem("searchType", field)) }
        }
        if let and = form.andFilters { items.append(QueryItem("andFilters", and.description)) }
        if let or = form.orFilters { items.append(QueryItem("orFilters", or.description)) }
        if let select { items.append(QueryItem("select", try Self.list(select))) }
        return items
    }

    /// The value of `select`. The system fields come along anyway, so that `id` alone stands for no field at all.
    private static func list(_ names: [String]) throws(FilterNotExpressible) -> String {
        for name in names where name.utf8.contains(0x2C) || !name.trimmingSpaces.hasSameBytes(as: name) {
            throw FilterNotExpressible(field: name, reason: .selectedName)
        }
        return names.isEmpty ? SystemField.id.rawValue : names.joined(separator: ",")
    }

    /// Reads a query from its parameters. Others are refused, see `ListParameters`.
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
        var direction: Sort.Direction?
        var searchText: String?
        var searchField: String?
        for item in queryItems {
            switch item.name {
            case "page": page.number = try Self.number(item, from: 1)
            case "limit": page.limit = try Self.number(item, from: 1, atMost: Page.maximumLimit)
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
                guard let (parameter, field) = try Self.bracketed(item.name) else {
                    throw ListParameters.records.refusal(of: item)
                }
                let object: JSONObject = [field: typed(field, item.value)]
                let conditions = try reader.conditions(object, parameter: parameter).map(Filter.condition)
                if parameter == "andFilters" { all += conditions } else { any = (any ?? []) + conditions }
            }
        }
        if let any {
            // A choice of one stays a choice beside another condition on its field: one object can't say both again.
            let isAlone = any.count == 1 && !all.contains { $0.isCondition(onFieldOf: any[0]) }
            all.append(isAlone ? any[0] : .anyOf(any))
        }
        filter = all.count == 1 ? all[0] : .allOf(all)
        search = searchText.map { Search($0, in: searchField) }
        if field != nil || direction != nil { sort = [Sort(field ?? "id", direction ?? .descending)] }
    }

    /// A whole number; one above `greatest`, however long, counts as that.
    private static func number(
        _ item: QueryItem, from least: Int, atMost greatest: Int? = nil
    ) throws(QueryError) -> Int {
        let isNumber = !item.value.isEmpty && item.value.utf8.allSatisfy { (0x30...0x39).contains($0) }
        guard isNumber, let value = Int(item.value) ?? greatest, value >= least else {
            throw QueryError(parameter: item.name, message: "must be a whole number from \(least)")
        }
        return greatest.map { min($0, value) } ?? value
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

    /// `andFilters[field]` taken apart; nil for another parameter. What only begins like one is refused: a filter that
    /// is passed over shows more records than the caller asked for.
    private static func bracketed(_ name: String) throws(QueryError) -> (parameter: String, field: String)? {
        for parameter in ["andFilters", "orFilters"] where name.utf8.starts(with: (parameter + "[").utf8) {
            let field = name.utf8.dropFirst(parameter.utf8.count + 1).dropLast()
            guard name.utf8.last == 0x5D, !field.contains(0x5B), !field.contains(0x5D) else {
                let message = "the bracket form is \(parameter)[field]=value; operators need the JSON form"
                throw QueryError(parameter: name, message: message)
            }
            return (parameter, String(decoding: field, as: UTF8.self))
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

extension Filter {
    fileprivate func isCondition(onFieldOf other: Filter) -> Bool {
        guard case .condition(let mine) = self, case .condition(let theirs) = other else { return false }
        return mine.field.hasSameBytes(as: theirs.field)
    }
}
