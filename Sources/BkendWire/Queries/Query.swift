/// Which records, in which order, which part of them: the same value online and in the local store (rest-api.md §4).
package struct Query: Hashable, Sendable {
    /// Which records.
    package var filter: Filter
    /// A partial match over text.
    package var search: Search?
    /// The order; the REST API takes one field. Empty means by `id`, descending.
    package var sort: [Sort]
    /// Which part of the result.
    package var page: Page
    /// The fields to give, nil for all; system fields always come along, and alone when it is empty.
    package var select: [String]?

    /// A query for the first page of everything.
    package init(
        filter: Filter = .all, search: Search? = nil, sort: [Sort] = [], page: Page = Page(), select: [String]? = nil
    ) {
        self.filter = filter
        self.search = search
        self.sort = sort
        self.page = page
        self.select = select
    }

    /// Same query; names and texts by code point.
    package static func == (a: Query, b: Query) -> Bool {
        a.filter == b.filter && a.search == b.search && a.sort == b.sort && a.page == b.page
            && a.select?.map(ExactString.init) == b.select?.map(ExactString.init)
    }

    /// Hashes every part.
    package func hash(into hasher: inout Hasher) {
        hasher.combine(filter)
        hasher.combine(search)
        hasher.combine(sort)
        hasher.combine(page)
        hasher.combine(select?.map(ExactString.init))
    }

    /// A case-insensitive partial match over a record's top-level strings.
    package struct Search: Hashable, Sendable {
        /// The text to find.
        package var text: String
        /// The one field to look in (`searchType`), nil for every top-level string.
        package var field: String?

        /// A search.
        package init(_ text: String, in field: String? = nil) {
            self.text = text
            self.field = field
        }

        /// Same text and field by code point.
        package static func == (a: Search, b: Search) -> Bool {
            a.text.hasSameBytes(as: b.text) && a.field.map(ExactString.init) == b.field.map(ExactString.init)
        }

        /// Hashes the code points of text and field.
        package func hash(into hasher: inout Hasher) {
            text.hashBytes(into: &hasher)
            field?.hashBytes(into: &hasher)
        }
    }

    /// One field of the order.
    package struct Sort: Hashable, Sendable {
        package typealias Direction = SortDirection

        /// The field's name or dotted path.
        package var field: String
        /// The direction.
        package var direction: Direction

        /// An order by a field. Ties break by `id` in the same direction.
        package init(_ field: String, _ direction: Direction = .ascending) {
            self.field = field
            self.direction = direction
        }

        /// Same field by code point, same direction.
        package static func == (a: Sort, b: Sort) -> Bool {
            a.direction == b.direction && a.field.hasSameBytes(as: b.field)
        }

        /// Hashes the field's code points and the direction.
        package func hash(into hasher: inout Hasher) {
            field.hashBytes(into: &hasher)
            hasher.combine(direction)
        }
    }

    /// A part of a result: a numbered page, or rows to skip.
    package struct Page: Hashable, Sendable {
        /// The page's number from 1; ignored when `offset` is set.
        package var number: Int
        /// The number of rows, 1 to 100 on the server.
        package var limit: Int
        /// Rows to skip, instead of a page number.
        package var offset: Int?

        /// The server's default for `limit`.
        package static let defaultLimit = 20
        /// The most rows that the server gives at once.
        package static let maximumLimit = 100

        /// A numbered page.
        package init(_ number: Int = 1, limit: Int = defaultLimit) {
            self.number = number
            self.limit = limit
        }

        /// Rows to skip, then a limit.
        package init(offset: Int, limit: Int = defaultLimit) {
            self.number = 1
            self.offset = offset
            self.limit = limit
        }

        /// The number of rows before this part, at least 0; saturates instead of overflowing.
        package var skipped: Int {
            if let offset { return max(0, offset) }
            let (rows, overflow) = (max(1, number) - 1).multipliedReportingOverflow(by: max(1, limit))
            return overflow ? .max : rows
        }
    }
}

/// The direction of an order, by its name in the REST form.
public enum SortDirection: String, Hashable, Sendable {
    /// Least first.
    case ascending = "asc"
    /// Greatest first.
    case descending = "desc"
}
