import BkendWire
import GRDB

/// A way to find a query's rows, ready to run once.
struct Plan {
    /// Where rows come from.
    enum Source {
        case nothing
        case ids([String])
        case index(StoredIndex, [KeyRange], distinct: Bool)
        /// The documents that may hold a text.
        case search(SearchAccess)
        /// Those that were found while they were counted.
        case found(SearchAccess, [Int64])
        /// The collection's own table, between two ids.
        case table(IDBounds)
    }

    /// How the rows come in order.
    enum Order {
        /// The caller doesn't care.
        case none
        /// The source's own order, backwards or not.
        case source(reversed: Bool)
        case id(descending: Bool)
        case fields(DocumentOrder, idDescending: Bool)
    }

    let table: CollectionTable
    var source: Source
    var order: Order
    var matcher: DocumentMatcher?
    var served = 0
    var limit: Int64 = -1
    var skipped: Int64 = 0

    /// Runs it: the rows, or how many there are.
    func run(counting: Bool, in db: Database) throws -> (rows: [Int64], count: Int) {
        if case .nothing = source { return ([], 0) }
        do {
            return try db.run(sql(counting: counting)) { statement in
                try bind(to: &statement, counting: counting)
                if counting { return ([], try statement.step() ? Int(statement.int(0)) : 0) }
                var rows: [Int64] = []
                while try statement.step() { rows.append(statement.int(0)) }
                return (rows, rows.count)
            }
        } catch let error as DatabaseError where error.resultCode == .SQLITE_ERROR {
            if case .fields(let order, _) = self.order, let failure = order.failure { throw failure }
            throw matcher?.failure ?? error
        }
    }

    // MARK: SQL

    private var readsDocuments: Bool {
        if matcher != nil { return true }
        switch order {
        case .fields, .id: return true
        case .none, .source: return false
        }
    }

    private func sql(counting: Bool) -> String {
        if counting, matcher == nil, case .table(let bounds) = source, bounds.isEmpty { return table.total }
        var conditions: [String] = []
        var from: String
        var row = "k.row"
        var key = "k.key"
        switch source {
        case .nothing: from = "(SELECT 0 AS row WHERE 0) AS k"
        case .ids(let ids):
            from =
                "\(values(Self.padded(ids.count), columns: 1)) AS r CROSS JOIN \(table.name) AS d ON d.id = r.column1"
            row = "d.row"
            key = "d.id"
        case .index(let index, let ranges, let distinct):
            from = entries(index, ranges, distinct: distinct)
            if ranges.count == 1, !distinct { conditions = ["k.key >= ?", "k.key < ?"] }
            if !counting && readsDocuments || matcher != nil {
                from += " CROSS JOIN \(table.name) AS d ON d.row = k.row"
            }
        case .search(let search):
            from = "(\(search.rows)) AS k CROSS JOIN \(table.name) AS d ON d.row = k.row"
        case .found:
            // An array of integers as one value: one statement, however many they are.
            from = "json_each(?) AS k CROSS JOIN \(table.name) AS d ON d.row = k.value"
            row = "d.row"
        case .table(let bounds):
            from = "\(table.name) AS d"
            row = "d.row"
            key = "d.id"
            conditions = bounds.conditions
        }
        if matcher != nil { conditions.append("bkend_match(?, d.document)") }
        var sql = "SELECT \(counting ? "count(*)" : row) FROM \(from)"
        if !conditions.isEmpty { sql += " WHERE " + conditions.joined(separator: " AND ") }
        if counting { return sql }
        switch order {
        case .none: break
        case .source(let reversed): sql += " ORDER BY \(key)\(reversed ? " DESC" : "")"
        case .id(let descending): sql += " ORDER BY d.id\(descending ? " DESC" : "")"
        case .fields(_, let descending):
            sql += " ORDER BY bkend_order(?, d.document), d.id\(descending ? " DESC" : "")"
        }
        return sql + " LIMIT ? OFFSET ?"
    }

    private func entries(_ index: StoredIndex, _ ranges: [KeyRange], distinct: Bool) -> String {
        if ranges.count == 1 {
            return distinct
                ? "(SELECT DISTINCT row FROM \(index.table) WHERE key >= ? AND key < ?) AS k" : "\(index.table) AS k"
        }
        let bounds = values(Self.padded(ranges.count), columns: 2)
        let join =
            "\(bounds) AS r CROSS JOIN \(index.table) AS e ON e.key >= r.column1 AND e.key < r.column2"
        return "(SELECT \(distinct ? "DISTINCT " : "")e.row AS row FROM \(join)) AS k"
    }

    private func values(_ count: Int, columns: Int) -> String {
        let row = columns == 1 ? "(?)" : "(?, ?)"
        return "(VALUES " + Array(repeating: row, count: max(1, count)).joined(separator: ", ") + ")"
    }

    /// Few different numbers of values make few different statements to prepare and keep. Those past the end stay NULL,
    /// which nothing equals.
    private static func padded(_ count: Int) -> Int {
        var size = 1
        while size < count { size *= 2 }
        return size
    }

    private func bind(to statement: inout RunningStatement, counting: Bool) throws {
        switch source {
        case .nothing: break
        case .ids(let ids):
            for id in ids { try statement.bind(id) }
            statement.skip(Self.padded(ids.count) - ids.count)
        case .index(_, let ranges, _):
            for range in ranges {
                try statement.bind(blob: range.lower)
                try statement.bind(blob: range.upper)
            }
            statement.skip(2 * (Self.padded(ranges.count) - ranges.count))
        case .search(let search): try search.bind(to: &statement)
        case .found(_, let rows):
            try statement.bind("[" + rows.map(String.init).joined(separator: ",") + "]")
        case .table(let bounds): try bounds.bind(to: &statement)
        }
        if let matcher { try statement.bind(pointer: matcher, type: DocumentFunctions.matcherType) }
        if counting { return }
        if case .fields(let order, _) = order { try statement.bind(pointer: order, type: DocumentFunctions.orderType) }
        try statement.bind(limit)
        try statement.bind(skipped)
    }

    // MARK: Explanation

    /// The plan in words.
    var summary: QueryPlan {
        var source: QueryPlan.Source
        var isFullScan = false
        switch self.source {
        case .nothing: source = .nothing
        case .ids(let ids): source = .ids(count: ids.count)
        case .index(let index, let ranges, _):
            source = .index(index.definition.name, ranges: ranges.count)
            isFullScan = ranges == [.all] && (matcher != nil || sorts)
        case .search(let search), .found(let search, _): source = .search(trigrams: search.trigrams)
        case .table(let bounds):
            isFullScan = bounds.isEmpty && (matcher != nil || sorts)
            if case .source = order { source = .idOrder(bounded: !bounds.isEmpty) } else { source = .scan }
        }
        return QueryPlan(
            source: source, served: served, rechecks: matcher != nil, sorts: sorts, isFullScan: isFullScan,
            sql: sql(counting: false))
    }

    private var sorts: Bool {
        switch order {
        case .none, .source: false
        case .id, .fields: true
        }
    }
}
