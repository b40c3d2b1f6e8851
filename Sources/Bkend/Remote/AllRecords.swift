import BkendWire

extension RemoteQueryable {
    /// Every record of the result, ordered by `id` and requested in batches as you iterate.
    ///
    /// ```swift
    /// for try await article in articles.where({ $0.isPublished == true }).all() { print(article.title) }
    /// ```
    ///
    /// Each request continues after the last id instead of using page numbers. Records that are created or deleted
    /// meanwhile therefore don't make the sequence skip or repeat other records. The sequence includes a record created
    /// meanwhile if its id is still ahead. The order is ascending, or descending if the query is ordered by `id`
    /// descending. Any other order throws.
    ///
    /// A record that doesn't fit the model throws `decoding`, and the next call of the iterator continues after it.
    /// After any other error, the sequence ends.
    ///
    /// - Parameters:
    ///   - batch: the maximum number of records per request, 1 to 100. If they exceed the server's size limit for a
    ///     response, the sequence requests fewer.
    ///   - options: options for each request, not for the whole iteration.
    public func all(
        batch: Int = 100, options: CallOptions = .default
    ) -> ResultSequence<Record<Model>, BkendError> {
        ResultSequence(AllRecords(query: query, batch: batch, options: options))
    }
}

/// Every record of a query's result, by `id`; see `RemoteQueryable.all(batch:options:)`.
struct AllRecords<Model: RecordModel>: AsyncSequence, Sendable {
    /// One record.
    typealias Element = Record<Model>
    /// The error that ends the sequence early.
    typealias Failure = BkendError

    let query: RemoteQuery<Model>
    let batch: Int
    let options: CallOptions

    /// Starts from the first record. Nothing is sent until you request a record.
    func makeAsyncIterator() -> AsyncIterator { AsyncIterator(source: self) }

    /// Returns one record after another.
    struct AsyncIterator: AsyncIteratorProtocol {
        fileprivate let source: AllRecords
        private var rows: [Result<Record<Model>, UndecodableRow>].Iterator = [].makeIterator()
        private var last: String?
        private var isAtEnd = false
        private var limit: PageLimit

        fileprivate init(source: AllRecords) {
            self.source = source
            limit = PageLimit(maximum: source.batch)
        }

        /// The next record, or nil after the last. A record that doesn't fit the model throws `decoding`, and the next
        /// call continues after it. After any other error, the result is nil.
        mutating func next() async throws(BkendError) -> Record<Model>? {
            try await next(isolation: #isolation)
        }

        /// The next record, or nil after the last; see `next()`.
        mutating func next(isolation actor: isolated (any Actor)?) async throws(BkendError) -> Record<Model>? {
            if let row = rows.next() { return try source.record(row) }
            while !isAtEnd {
                isAtEnd = true  // stays so if what follows throws
                let page = try await page(isolation: actor)
                let found = page.inOrder(source.direction)
                isAtEnd = found.isEmpty || !page.pagination.hasNext
                last = found.last?.id()
                rows = found.makeIterator()
                if let row = rows.next() { return try source.record(row) }
            }
            return nil
        }

        /// The page behind the last record, as long as the server answers at once.
        private mutating func page(isolation actor: isolated (any Actor)?) async throws(BkendError) -> Page<Model> {
            while true {
                // A batch that can't be asked for is refused by the request, not made into another here.
                let asked = limit.isWhole ? source.batch : limit.rows
                do throws(BkendError) {
                    let page = try await source.page(after: last, limit: asked)
                    limit.came()
                    return page
                } catch {
                    guard error.code == .pageTooLarge, limit.refused(asked, named: error.largestLimit) else {
                        throw error
                    }
                }
            }
        }
    }

    private var operation: BkendError.Operation {
        BkendError.Operation(method: Call.Method.get.rawValue, table: query.table)
    }

    private var direction: SortDirection { query.parts.sort.first?.direction ?? .ascending }

    private func record(_ row: Result<Record<Model>, UndecodableRow>) throws(BkendError) -> Record<Model> {
        do throws(UndecodableRow) { return try row.get() } catch { throw query.undecodable(error.record) }
    }

    private func page(after last: String?, limit: Int) async throws(BkendError) -> Page<Model> {
        var query = query.parts
        guard query.sort.isEmpty || query.sort.count == 1 && query.sort[0].field == SystemField.id.rawValue else {
            throw BkendError(
                .invalidArgument(
                    "all(), updateAll and deleteAll go in the order of id; to order by another field, use page(_:limit:)"
                ),
                operation: operation)
        }
        query.sort = [Query.Sort(SystemField.id.rawValue, direction)]
        query.page = Query.Page(limit: limit)
        if let last {
            do throws(FilterNotExpressible) {
                query.filter = try query.filter.rest().beyond(last, direction).filter
            } catch {
                throw BkendError(.notExpressible(error), operation: operation)
            }
        }
        let page = try await self.query.fetch(query, options)
        var previous = last
        for record in page.records {
            if let previous, !record.id.follows(previous, direction) {
                throw BkendError(
                    .decoding(
                        JSONCodingError(
                            path: "id", message: "the list isn't ordered by id: \(previous) comes before \(record.id)"),
                        recordID: nil),
                    operation: operation)
            }
            previous = record.id
        }
        return page
    }
}

/// A row of the walk that doesn't fit the model.
private struct UndecodableRow: Error {
    var record: UndecodableRecord
}

extension Result where Failure == UndecodableRow {
    /// The row's id, whether it fits the model or not.
    fileprivate func id<Model>() -> String where Success == Record<Model> {
        switch self {
        case .success(let record): record.id
        case .failure(let row): row.record.id
        }
    }
}

extension Page {
    /// Its rows by id, those that don't fit the model among them: one of them may be the last, behind which the walk goes
    /// on.
    fileprivate func inOrder(_ direction: SortDirection) -> [Result<Record<Model>, UndecodableRow>] {
        var rows = records.map { Result<Record<Model>, UndecodableRow>.success($0) }
        for flawed in undecodable {
            let place = rows.firstIndex { $0.id().follows(flawed.id, direction) } ?? rows.endIndex
            rows.insert(.failure(UndecodableRow(record: flawed)), at: place)
        }
        return rows
    }
}

extension String {
    fileprivate func follows(_ other: String, _ direction: SortDirection) -> Bool {
        switch direction {
        case .ascending: other.precedesInBytes(self)
        case .descending: precedesInBytes(other)
        }
    }
}

extension RESTFilter {
    /// The filter's records past an id. All records seen so far lie within a bound that the filter has of its own, so
    /// the last id is the tighter one and takes its place: an operator can stand only once on a field.
    fileprivate func beyond(_ id: String, _ direction: SortDirection) throws(FilterNotExpressible) -> RESTFilter {
        let bound: FilterOperator = direction == .ascending ? .greater(.string(id)) : .less(.string(id))
        var conditions = allOf
        for index in conditions.indices where conditions[index].field == SystemField.id.rawValue {
            conditions[index].operators.removeAll { $0.name == bound.name }
        }
        return try RESTFilter(allOf: conditions + [Condition(SystemField.id.rawValue, bound)], anyOf: anyOf)
    }
}
