/// Which records, in which order, which part of them: the same value online and in the local store (rest-api.md §4).
public struct Query: Hashable, Sendable {
    /// Which records.
    public var filter: Filter
    /// A partial match over text.
    public var search: Search?
    /// The order; the REST API takes one field. Empty means by `id`, descending.
    public var sort: [Sort]
    /// Which part of the result.
    public var page: Page
    /// The fields to give, nil for all; system fields always come along.
    public var select: [String]?

    /// A query for the first page of everything.
    public init(
        filter: Filter = .all, search: Search? = nil, sort: [Sort] = [], page: Page = Page(), select: [String]? = nil
    ) {
        self.filter = filter
        self.search = search
        self.sort = sort
        self.page = page
        self.select = select
    }

    /// A case-insensitive partial match over a record's top-level strings.
    public struct Search: Hashable, Sendable {
        /// The text to find.
        public var text: String
        /// The one field to look in (`searchType`), nil for every top-level string.
        public var field: String?

        /// A search.
        public init(_ text: String, in field: String? = nil) {
            self.text = text
            self.field = field
        }
    }

    /// One field of the order.
    public struct Sort: Hashable, Sendable {
        /// A direction, by its name in the REST form.
        public enum Direction: String, Hashable, Sendable {
            /// Least first.
            case ascending = "asc"
            /// Greatest first.
            case descending = "desc"
        }

        /// The field's name or dotted path.
        public var field: String
        /// The direction.
        public var direction: Direction

        /// An order by a field. Ties break by `id` in the same direction.
        public init(_ field: String, _ direction: Direction = .ascending) {
            self.field = field
            self.direction = direction
        }
    }

    /// A part of a result: a numbered page, or rows to skip.
    public struct Page: Hashable, Sendable {
        /// The page's number from 1; ignored when `offset` is set.
        public var number: Int
        /// The number of rows, 1 to 100 on the server.
        public var limit: Int
        /// Rows to skip, instead of a page number.
        public var offset: Int?

        /// The server's default for `limit`.
        public static let defaultLimit = 20
        /// The most rows that the server gives at once.
        public static let maximumLimit = 100

        /// A numbered page.
        public init(_ number: Int = 1, limit: Int = defaultLimit) {
            self.number = number
            self.limit = limit
        }

        /// Rows to skip, then a limit.
        public init(offset: Int, limit: Int = defaultLimit) {
            self.number = 1
            self.offset = offset
            self.limit = limit
        }

        /// The number of rows before this part; saturates instead of overflowing.
        public var skipped: Int {
            if let offset { return offset }
            let (rows, overflow) = (number - 1).multipliedReportingOverflow(by: limit)
            return overflow ? .max : rows
        }
    }
}
