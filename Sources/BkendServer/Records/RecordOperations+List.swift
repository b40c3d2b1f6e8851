import BkendDocuments
import BkendStorage
import BkendWire

extension RecordOperations {
    /// A list answer: the stored texts side by side, and where they lie in the whole result.
    ///
    /// - Parameters:
    ///   - body: where the answer goes.
    ///   - bytes: the most bytes of the page.
    ///   - explaining: whether to tell how the records were found as well.
    /// - Throws: `ErrorBody` with 400 `data/page-too-large`; `TooManyRequests` when there is no room for the answer.
    func list(
        _ items: [QueryItem], into body: consuming AnswerBody, atMost bytes: Int, _ attempt: ReadAttempt,
        explaining: Bool, in session: any StorageSession
    ) throws -> (body: AnswerBody, plan: QueryPlan?) {
        var query = try Query(queryItems: items) { field, text in table.typing.value(of: text, for: field) }
        let scope = try scope(of: query.filter)
        query.filter = scope.filter
        if query.filter.hasPatterns { try attempt.expect(.patterns) }
        let place = PagePlace(body: body, bytes: bytes, attempt: attempt)
        if scope.seesHidden {
            return try list(withinHidden: query, into: place, explaining: explaining, in: session)
        }
        let answer = try answer(query, hiding: scope.visibility, into: place, in: session) { text, out in
            try out.write(text)
        }
        return (answer, explaining ? try session.explain(query, in: table, hiding: scope.visibility) : nil)
    }

    /// Which records a caller's filter finds: those that match it and that the caller may see.
    struct Scope {
        /// What a record must match.
        let filter: Filter
        /// The fields that count as missing while it is matched.
        let visibility: FieldVisibility
        /// The user whose records alone the caller may list; nil for all.
        let owner: String?
        /// Whether the filter is about fields that the caller may not read: the caller's own part of it reads as if these
        /// were missing from every record.
        let seesHidden: Bool
        /// Whether another user with the same rights may find other records, or see other fields of them.
        let isOfUser: Bool
    }

    /// What a list by a filter shows, and the change feed tells.
    ///
    /// - Throws: `ErrorBody` with a 403 when the caller may list nothing.
    func scope(of filter: Filter) throws -> Scope {
        let access = try access.access(to: .list)
        let filter = table.typing.normalised(filter)
        let rows = try RowAccess.filter(table.definition, caller: caller, access: access)
            .map(table.typing.normalised)
        let owner = access == .own ? caller.userID : nil
        let isOfUser =
            !columns.readableInOwn.isEmpty
            || RowAccess.isOfUser(table.definition, caller: caller, access: access)
        guard let rows else {
            return Scope(
                filter: filter, visibility: visibility, owner: owner, seesHidden: false,
                isOfUser: isOfUser)
        }
        if rows.mentions(columns.restricted) {
            return Scope(
                filter: .allOf([filter.hiding(columns.restricted), rows]), visibility: .all, owner: owner,
                seesHidden: true, isOfUser: isOfUser)
        }
        return Scope(
            filter: .allOf([filter, rows]), visibility: visibility, owner: owner, seesHidden: false,
            isOfUser: isOfUser)
    }

    /// The restricted fields as the collection takes them: they count as missing in filter, sort, search and result,
    /// in all records or in those of others.
    private var visibility: FieldVisibility {
        if columns.readsAll { return .all }
        let own = Filter.condition(Condition("createdBy", .equals(.string(caller.createdBy))))
        return FieldVisibility(
            hidden: columns.hidden, conditional: columns.readableInOwn.map { .init($0, shownWhere: own) })
    }

    /// A list narrowed by rules over fields that the caller may not read: the rules must see those fields, and what
    /// the caller asks must not. So the rest of the query is rewritten as its filter was.
    private func list(
        withinHidden query: Query, into place: PagePlace, explaining: Bool, in session: any StorageSession
    ) throws -> (body: AnswerBody, plan: QueryPlan?) {
        let restricted = columns.restricted
        var query = query
        if let search = query.search {
            guard let field = search.field else {
                let message = "search needs searchType in \(table.name): some of its fields are not open to this caller"
                throw QueryError(parameter: "search", message: message)
            }
            if field.isInside(restricted) { query.filter = .anyOf([]) }
        }
        query.sort = query.sort.map { $0.field.isInside(restricted) ? Query.Sort("id", $0.direction) : $0 }
        query.select = query.select.map { fields in fields.filter { !$0.isInside(restricted) } }
        let answer = try answer(query, hiding: .all, into: place, in: session) { text, out in
            let record = try JSON(parsing: Array(text)).objectValue ?? [:]
            try columns.visible(record, caller: caller).serialized().withUnsafeBufferPointer { try out.write($0) }
        }
        return (answer, explaining ? try session.explain(query, in: table, hiding: .all) : nil)
    }

    /// The answer: each text as `write` puts it there, and where the page lies. It is never shorter than what was asked
    /// for, since clients that page by number would pass over what was left out.
    private func answer(
        _ query: Query, hiding visibility: FieldVisibility, into place: consuming PagePlace,
        in session: any StorageSession,
        write: (UnsafeBufferPointer<UInt8>, inout PagePlace) throws -> Void
    ) throws -> AnswerBody {
        var place = place
        try place.body.write(#"{"items":["#)
        let total = try session.page(query, in: table, hiding: visibility, including: Self.systemFields) { text in
            try write(text, &place)
        }
        try place.body.write(#"],"pagination":"#)
        try place.body.write(Pagination(total: total, page: query.page).json.serialized())
        try place.body.write("}")
        return place.body
    }

    private static let systemFields = SystemField.allCases.map(\.rawValue)
}

/// Where a page's rows go, and how large they may be together.
struct PagePlace {
    var body: AnswerBody
    /// The most bytes of rows.
    let bytes: Int
    let attempt: ReadAttempt
    private var rows = 0

    init(body: AnswerBody, bytes: Int, attempt: ReadAttempt) {
        self.body = body
        self.bytes = bytes
        self.attempt = attempt
    }

    /// Adds a row.
    ///
    /// - Throws: 400 `data/page-too-large` as soon as there are more bytes than a page may have. A single row is no page:
    ///   it is answered however large it is. `TooManyRequests`, as for the list.
    mutating func write(_ row: UnsafeBufferPointer<UInt8>) throws {
        if rows > 0 {
            if body.count + row.count > bytes { throw ErrorBody.pageTooLarge(rows: rows, bytes: bytes) }
            try body.write(",")
        }
        try attempt.expect(.page(bytes: body.count + row.count))
        try body.write(row)
        rows += 1
    }
}

extension ErrorBody {
    /// The rows of a page have more bytes than it may have; so many of them fit.
    static func pageTooLarge(rows: Int, bytes: Int) -> ErrorBody {
        let message =
            "the page would have more than \(bytes) bytes; from its first row on, limit may be at most \(rows)"
        let hint =
            " (pages of another limit have other numbers: begin again, or go on by offset), or select fewer fields"
        var error = ErrorBody(
            .pageTooLarge, message + hint, details: [.init(field: "limit", rule: "maximum", message: message)])
        error.largestLimit = rows
        return error
    }
}

extension Filter {
    /// Whether a pattern is to be matched, which nothing but its own limits interrupts.
    var hasPatterns: Bool { patternCount > 0 }

    /// How many patterns there are to match.
    var patternCount: Int {
        switch self {
        case .condition(let condition):
            condition.operators.count { if case .regex = $0 { true } else { false } }
        case .allOf(let filters), .anyOf(let filters): filters.reduce(0) { $0 + $1.patternCount }
        case .not(let filter): filter.patternCount
        }
    }
}
