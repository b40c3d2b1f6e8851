import BkendWire
import GRDB

/// Which users a list shows, in which order (the parameters of rest-api.md §4 that make sense for users).
package struct UserList: Sendable {
    private var page = Query.Page()
    private var search: String?
    private var column = "createdAt"
    private var direction = Query.Sort.Direction.descending

    private static let sortable = [
        "id", "role", "name", "nickname", "email", "onboardingStatus", "createdAt", "updatedAt",
    ]

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
        guard let column = Self.sortable.first(where: { $0.hasSameBytes(as: sort.field) }) else {
            throw QueryError(
                parameter: "sortBy", path: sort.field, message: "users sort by \(Self.sortable.joined(separator: ", "))"
            )
        }
        // Users made in one millisecond keep an order; ids are random and have none.
        self.column = column
    }

    func fetch(_ db: Database) throws -> (users: [User], pagination: Pagination) {
        var condition = "deletedAt IS NULL"
        var arguments: StatementArguments = []
        if let search {
            condition += " AND instr(searchText, ?) > 0"
            arguments += [UserStore.searchText([search])]
        }
        let total = try Int.fetchOne(
            db, sql: "SELECT count(*) FROM account_users WHERE \(condition)", arguments: arguments)
        let order = direction == .ascending ? "ASC" : "DESC"
        let rows = try Row.fetchAll(
            db,
            sql: """
                SELECT \(User.columns) FROM account_users WHERE \(condition)
                ORDER BY \(column) \(order), id \(order) LIMIT ? OFFSET ?
                """, arguments: arguments + [page.limit, page.skipped])
        return (rows.map(User.init), Pagination(total: total ?? 0, page: page))
    }
}
