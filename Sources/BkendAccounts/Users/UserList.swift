import BkendStorage
import BkendWire

/// Which users a list shows, in which order (the parameters of rest-api.md §4 that make sense for users).
package struct UserList: Sendable {
    private var page = Query.Page()
    private var search: String?
    private var column = UserSQL.SortColumn.createdAt
    private var direction = Query.Sort.Direction.descending

    /// The newest users first.
    package init() {}

    /// Reads a list's query: `page`, `limit`, `offset`, `search`, `sortBy`, `sortDirection`. `includeAccounts` changes
    /// nothing, since no accounts are linked.
    ///
    /// - Throws: `QueryError` that names the parameter.
    package init(queryItems: [QueryItem]) throws(QueryError) {
        try ListParameters.users.check(queryItems)
        let query = try Query(queryItems: queryItems.filter { $0.name != "includeAccounts" })
        guard query.search?.field == nil else {
            throw QueryError(
                parameter: "searchType",
                message: "users are searched by name, nickname and address together; leave searchType out")
        }
        page = query.page
        search = query.search?.text
        guard let sort = query.sort.first else { return }
        direction = sort.direction
        let columns = UserSQL.SortColumn.allCases
        guard let column = columns.first(where: { $0.rawValue.hasSameBytes(as: sort.field) }) else {
            let names = columns.map(\.rawValue).joined(separator: ", ")
            throw QueryError(parameter: "sortBy", path: sort.field, message: "users sort by \(names)")
        }
        // Users made in one millisecond keep an order; ids are random and have none.
        self.column = column
    }

    func fetch(_ db: any SQLSession) throws -> (users: [User], pagination: Pagination) {
        // Every text holds the empty one.
        let text = search.map { UserStore.searchText([$0]) } ?? ""
        let values: [SQLValue] = text.isEmpty ? [] : [.text(text)]
        let total = try db.count(UserSQL.count(searching: !text.isEmpty), arguments: values)
        let users = try db.all(
            UserSQL.page(searching: !text.isEmpty, sortedBy: column, direction),
            arguments: values + [page.limit.sqlValue, page.skipped.sqlValue], read: User.init)
        return (users, Pagination(total: total, page: page))
    }
}
