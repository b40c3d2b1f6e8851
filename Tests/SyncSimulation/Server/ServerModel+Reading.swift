import BkendSync
import BkendWire

extension ServerModel {
    /// One record (rest-api.md §2). Another's record where only `self` may read is a 403 (rest-api.md §7).
    func record(_ table: ServerTable, _ id: String, _ caller: Caller) -> SyncAnswer {
        let scope = table.access.scope(.read, caller)
        if scope == .nothing { return .error(403, "data/permission-denied", "no read on \(table.name)") }
        guard let row = table.row(id) else { return .error(404, "data/not-found", "there is no record \(id)") }
        if scope == .own && row.createdBy != caller.user {
            return .error(403, "data/permission-denied", "the record is another's")
        }
        return shown(row, table, caller, status: 200)
    }

    /// A list (rest-api.md §4).
    func list(_ table: ServerTable, _ items: [QueryItem], _ caller: Caller) -> SyncAnswer {
        if table.access.scope(.list, caller) == .nothing {
            return .error(403, "data/permission-denied", "no list on \(table.name)")
        }
        do {
            let query = try ListQuery(items, dates: table.dates)
            let (rows, total) = page(query, table, caller)
            return .json(rows, pagination: query.pagination(total: total))
        } catch {
            return .error(400, "data/validation-error", error.message)
        }
    }

    /// Every row that a list with this filter shows the caller, ascending by id, as shown; nil where listing is denied.
    package func listed(_ name: String, and: JSONObject?, or: JSONObject? = nil, by caller: Caller) -> [JSONObject]? {
        guard let table = self[table: name], table.access.scope(.list, caller) != .nothing,
            let filter = try? ServerFilter(and: and, or: or, dates: table.dates)
        else { return nil }
        return visible(table, filter, caller).map(\.document)
    }

    private func page(_ query: ListQuery, _ table: ServerTable, _ caller: Caller) -> (rows: [[UInt8]], total: Int) {
        let found = visible(table, query.filter, caller)
        let start = min(query.offset, found.count)
        let end = min(start + query.limit, found.count)
        let order = query.order(found, upTo: end)
        return (order[start..<end].map { found[$0].text }, found.count)
    }

    private func visible(_ table: ServerTable, _ filter: ServerFilter, _ caller: Caller) -> [StoredRow] {
        let access = table.access
        let isPlain = access.rowFilter == nil && access.scope(.list, caller) == .everything
        if isPlain && access.hidden.isEmpty && filter.isEmpty { return table.rows }
        var found: [StoredRow] = []
        for row in table.rows {
            if !isPlain && !access.lists(row.document, to: caller) { continue }
            if access.hidden.isEmpty {
                if filter.matches(row.document) { found.append(row) }
            } else {
                let shown = access.shown(row.document, to: caller)
                if filter.matches(shown) { found.append(StoredRow(shown)) }
            }
        }
        return found
    }

    func shown(_ row: StoredRow, _ table: ServerTable, _ caller: Caller, status: Int) -> SyncAnswer {
        if table.access.hidden.isEmpty { return SyncAnswer(status: status, body: row.text) }
        return .json(status, table.access.shown(row.document, to: caller))
    }
}

extension ServerTable {
    var dates: [String] { fields.filter { $0.kind == .date }.map(\.name) }
}

/// The parameters of a list (rest-api.md §4).
private struct ListQuery {
    var filter: ServerFilter
    var offset = 0
    var limit = 20
    private var page = 1
    private var sortBy = "id"
    private var isAscending = false

    init(_ items: [QueryItem], dates: [String]) throws(ServerFilter.Malformed) {
        var and: JSONObject?
        var or: JSONObject?
        var skip: Int?
        for item in items {
            switch item.name {
            case "page": page = try Self.number(item, from: 1)
            case "limit": limit = min(100, try Self.number(item, from: 1))
            case "offset": skip = try Self.number(item, from: 0)
            case "sortBy": sortBy = item.value
            case "sortDirection":
                if item.value != "asc" && item.value != "desc" { throw .init(message: "sortDirection") }
                isAscending = item.value == "asc"
            case "andFilters": and = try Self.object(item)
            case "orFilters": or = try Self.object(item)
            default: throw .init(message: "the server model knows no parameter \(item.name)")
            }
        }
        offset = skip ?? (page - 1) * limit
        filter = try ServerFilter(and: and, or: or, dates: dates)
    }

    func pagination(total: Int) -> JSONObject {
        let pages = (total + limit - 1) / limit
        return [
            "total": .int(Int64(total)), "page": .int(Int64(page)), "limit": .int(Int64(limit)),
            "totalPages": .int(Int64(pages)), "hasNext": .bool(offset + limit < total), "hasPrev": .bool(offset > 0),
        ]
    }

    /// The places of the first rows in order; rows come ascending by id, and ties break by it.
    func order(_ rows: [StoredRow], upTo end: Int) -> [Int] {
        let ascending = Array(rows.indices)
        if sortBy == "id" { return isAscending ? ascending : ascending.reversed() }
        let path = sortBy
        let keys: [JSON?] = rows.map { path == "updatedAt" ? .string($0.updatedAt) : $0.document[path] }
        func precedes(_ a: Int, _ b: Int) -> Bool {
            if ValueOrder.precedes(keys[a], keys[b]) { return isAscending }
            if ValueOrder.precedes(keys[b], keys[a]) { return !isAscending }
            return isAscending ? a < b : a > b
        }
        if end == 1, let first = ascending.min(by: precedes) { return [first] }
        return ascending.sorted(by: precedes)
    }

    private static func number(_ item: QueryItem, from least: Int) throws(ServerFilter.Malformed) -> Int {
        guard let number = Int(item.value), number >= least else { throw .init(message: item.name) }
        return number
    }

    private static func object(_ item: QueryItem) throws(ServerFilter.Malformed) -> JSONObject {
        guard let json = try? JSON(parsing: item.value), case .object(let object) = json else {
            throw .init(message: item.name)
        }
        return object
    }
}

extension SyncAnswer {
    static func json(_ rows: [[UInt8]], pagination: JSONObject) -> SyncAnswer {
        var body = Array(#"{"items":["#.utf8)
        for (index, row) in rows.enumerated() {
            if index > 0 { body.append(0x2C) }
            body += row
        }
        body += Array(#"],"pagination":"#.utf8) + pagination.serialized() + [0x7D]
        return SyncAnswer(status: 200, body: body)
    }
}
