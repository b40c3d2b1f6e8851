import BkendAccounts
import BkendStorage
import BkendWire

/// Which files a list shows, in which order.
struct FileList: Sendable {
    private var page = Query.Page()
    private var sort = FileSort.createdAt
    private var direction = Query.Sort.Direction.descending
    private var conditions: [(condition: FileCondition, values: [SQLValue])] = []
    /// Whether it asks for what only owners see.
    private var asksForOwn = false

    /// Reads a list's query: `visibility`, `ownerType`, `ownerId`, `bucket`, `mimeType`, `search`, `sortBy`,
    /// `sortDirection`, `page`, `limit`, `offset`.
    ///
    /// - Throws: `QueryError` that names the parameter.
    init(queryItems: [QueryItem]) throws(QueryError) {
        try ListParameters.files.check(queryItems)
        let own = ["visibility", "ownerType", "ownerId", "bucket", "mimeType"]
        let query = try Query(queryItems: queryItems.filter { !own.contains($0.name) })
        page = query.page
        if let text = query.search?.text, !text.isEmpty {
            conditions.append((.search, [.text(StoredFile.searchText(text))]))
        }
        if let sort = query.sort.first {
            direction = sort.direction
            guard let column = FileSort.allCases.first(where: { $0.rawValue.hasSameBytes(as: sort.field) }) else {
                let names = FileSort.allCases.map(\.rawValue).joined(separator: ", ")
                throw QueryError(parameter: "sortBy", path: sort.field, message: "files sort by \(names)")
            }
            self.sort = column
        }
        for item in queryItems where own.contains(item.name) && !item.value.isEmpty { try add(item) }
    }

    private mutating func add(_ item: QueryItem) throws(QueryError) {
        let value = SQLValue.text(item.value)
        switch item.name {
        case "visibility":
            guard FileVisibility(rawValue: item.value) != nil else {
                throw QueryError(
                    parameter: "visibility", message: "must be private, protected, shared or public")
            }
            conditions.append((.visibility, [value]))
        case "ownerType": conditions.append((.ownerType, [value]))
        case "ownerId": conditions.append((.ownerID, [value]))
        case "bucket": conditions.append((.bucket, [value]))
        default:
            if item.value.hasSuffix("/*") || !item.value.contains("/") {
                let prefix = item.value.hasSuffix("*") ? String(item.value.dropLast()) : item.value + "/"
                conditions.append(
                    (.typePrefix, [.int(Int64(prefix.unicodeScalars.count)), .text(prefix.lowercased())]))
            } else {
                conditions.append((.type, [.text(item.value.lowercased())]))
            }
        }
        if ["ownerType", "ownerId", "bucket"].contains(item.name) { asksForOwn = true }
    }

    /// The page for a caller: what it may see, and no more.
    func fetch(_ db: any SQLSession, by caller: Caller) throws -> (files: [StoredFile], pagination: Pagination) {
        var all = conditions
        if !caller.isAdmin {
            if let userID = caller.userID {
                all.append((.isShown, [.text(userID), .text(userID)]))
                // What others don't see of a file they can't find it by.
                if asksForOwn { all.append((.isOwn, [.text(userID)])) }
            } else {
                all.append((.isPublic, []))
                if asksForOwn { return ([], Pagination(total: 0, page: page)) }
            }
        }
        let values = all.flatMap(\.values)
        let names = all.map(\.condition)
        let total = try db.count(FileSQL.count(names), arguments: values)
        let files = try db.all(
            FileSQL.page(names, sortedBy: sort, direction),
            arguments: values + [.int(Int64(page.limit)), .int(Int64(page.skipped))], read: StoredFile.init)
        return (files, Pagination(total: total, page: page))
    }
}
