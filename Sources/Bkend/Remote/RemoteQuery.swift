import BkendWire

extension RecordQuery where Source == BkendClient {
    /// Asks for one part of the answer.
    func fetch(_ page: Query.Page, _ options: CallOptions) async throws(BkendError) -> Page<Model> {
        var asked = parts
        asked.page = page
        return try await fetch(asked, options)
    }

    func fetch(_ query: Query, _ options: CallOptions) async throws(BkendError) -> Page<Model> {
        var call = Call(method: .get, table: table, options: options)
        func refuse(_ reason: BkendError.Reason) -> BkendError { BkendError(reason, operation: call.operation) }
        guard (1...Query.Page.maximumLimit).contains(query.page.limit) else {
            throw refuse(.invalidArgument("a page has 1 to \(Query.Page.maximumLimit) rows, not \(query.page.limit)"))
        }
        guard query.page.number >= 1, query.page.offset ?? 0 >= 0 else {
            throw refuse(.invalidArgument("page numbers start at 1, offsets at 0"))
        }
        if let field = query.filter.unwritableField {
            let message =
                "the filter compares with a value that JSON can't represent: NaN, an infinity, a date outside the years"
                + " 0000 to 9999, or a number that would lose digits"
            throw refuse(.encoding(JSONCodingError(path: field, message: message)))
        }
        do throws(FilterNotExpressible) {
            call.query = try query.queryItems()
        } catch {
            throw refuse(.notExpressible(error))
        }
        let answer = try await source.runner.run(call)
        guard let items = answer.json["items"]?.arrayValue, let pagination = Pagination(answer.json["pagination"])
        else {
            throw answer.mismatch(call, JSONCodingError(path: "", message: "expected items and pagination"))
        }
        return try answer.page(items, pagination, call)
    }
}

extension RemoteQueryable {
    /// One page of the result.
    ///
    /// - Parameters:
    ///   - number: the page, from 1.
    ///   - limit: the number of rows per page, 1 to 100.
    ///   - options: the call's deadline, retries and headers.
    /// - Throws: `BkendError`. A server never returns a shorter page than requested. If the rows exceed the server's
    ///   size limit for a response, the error's code is `pageTooLarge`, and its `largestLimit` is the number of rows
    ///   that fit. Page numbers depend on the limit, so start again with the first page, or continue with
    ///   `page(offset:limit:)`.
    public func page(
        _ number: Int = 1, limit: Int = 20, options: CallOptions = .default
    ) async throws(BkendError) -> Page<Model> {
        try await query.fetch(Query.Page(number, limit: limit), options)
    }

    /// The part of the result after a number of rows.
    ///
    /// - Parameters:
    ///   - offset: the number of rows to skip, from 0.
    ///   - limit: the maximum number of rows, 1 to 100.
    ///   - options: the call's deadline, retries and headers.
    /// - Throws: `BkendError`, with the code `pageTooLarge` if the rows exceed the server's size limit for a response.
    ///   The error's `largestLimit` is the number of rows that fit from this offset.
    public func page(
        offset: Int, limit: Int = 20, options: CallOptions = .default
    ) async throws(BkendError) -> Page<Model> {
        try await query.fetch(Query.Page(offset: offset, limit: limit), options)
    }

    /// The first record of the result, or nil if there is none.
    ///
    /// - Throws: `BkendError`, with the reason `decoding` if the record doesn't fit the model.
    public func first(options: CallOptions = .default) async throws(BkendError) -> Record<Model>? {
        let query = query
        let page = try await query.fetch(Query.Page(limit: 1), options)
        if let flawed = page.undecodable.first { throw query.undecodable(flawed) }
        return page.records.first
    }

    /// The number of matching records. The server's response also has one of them, with system fields only.
    ///
    /// - Throws: `BkendError`
    public func count(options: CallOptions = .default) async throws(BkendError) -> Int {
        let bare: RemoteQuery<JSONObject> = query.changed { $0.select = [] }
        return try await bare.fetch(Query.Page(limit: 1), options).pagination.total
    }
}

extension RecordQuery where Source == BkendClient {
    /// A row that doesn't fit the model, where it is all that was asked for.
    func undecodable(_ record: UndecodableRecord) -> BkendError {
        BkendError(
            .decoding(record.error, recordID: record.id),
            operation: BkendError.Operation(method: Call.Method.get.rawValue, table: table))
    }
}
