import BkendWire

extension RemoteQueryable {
    /// Changes all matching records, one after the other: reads them in batches, lets the closure change each, and sends
    /// the top-level fields that differ.
    ///
    /// ```swift
    /// let result = try await posts.where { $0.tags.contains("old") }.updateAll { $0.isPublished = false }
    /// ```
    ///
    /// The REST API has no request that changes several records, so each record is a request, and others may write
    /// between them. If the server refuses one record, the others are still changed. Any other failure ends it. What was
    /// done until then is in the result.
    ///
    /// - Parameters:
    ///   - limit: the maximum number of records, 1 to 10,000, in the order of `id`. The result's `hasMore` says whether
    ///     there are more.
    ///   - options: options for each request.
    ///   - change: changes one record. It runs in the caller's isolation.
    /// - Throws: `BkendError` if it ended before any record was handled, and for a query with another order than `id`.
    nonisolated(nonsending) public func updateAll(
        limit: Int = 1_000, options: CallOptions = .default, _ change: (inout Model) -> Void
    ) async throws(BkendError) -> BatchResult<BkendError> {
        let query = query
        guard query.parts.select == nil else {
            throw query.refused("updateAll changes whole records; remove select")
        }
        let table = RemoteTable<Model>(name: query.table, client: query.source)
        return try await query.batch(limit: limit, options) { record throws(BkendError) in
            try await table.update(record, options: options, change)
        }
    }

    /// Deletes all matching records, one after the other, whether they fit the model or not.
    ///
    /// ```swift
    /// let result = try await posts.where { $0.isPublished == false }.deleteAll(limit: 500)
    /// ```
    ///
    /// A record that somebody else deletes meanwhile counts as done. In everything else, it is as `updateAll`.
    ///
    /// - Parameters:
    ///   - limit: the maximum number of records, 1 to 10,000, in the order of `id`. The result's `hasMore` says whether
    ///     there are more.
    ///   - options: options for each request.
    /// - Throws: `BkendError` if it ended before any record was handled.
    nonisolated(nonsending) public func deleteAll(
        limit: Int = 1_000, options: CallOptions = .default
    ) async throws(BkendError) -> BatchResult<BkendError> {
        let bare: RemoteQuery<JSONObject> = query.changed { $0.select = [] }
        let table = RemoteTable<JSONObject>(name: bare.table, client: bare.source)
        return try await bare.batch(limit: limit, options) { record throws(BkendError) in
            do throws(BkendError) { try await table.delete(record, options: options) } catch {
                if error.code != .notFound { throw error }
            }
        }
    }
}

extension RecordQuery where Source == BkendClient {
    fileprivate func refused(_ flaw: String) -> BkendError {
        BkendError(
            .invalidArgument(flaw), operation: BkendError.Operation(method: Call.Method.get.rawValue, table: table))
    }

    /// Handles the first records, each with a request of its own.
    nonisolated(nonsending) fileprivate func batch(
        limit: Int, _ options: CallOptions, _ handle: (Record<Model>) async throws(BkendError) -> Void
    ) async throws(BkendError) -> BatchResult<BkendError> {
        guard (1...10_000).contains(limit) else {
            throw refused("a change of many records has a limit of 1 to 10,000")
        }
        var result = BatchResult<BkendError>()
        var isUntouched: Bool { result.done.isEmpty && result.failed.isEmpty }
        // One more than the limit says whether there are more.
        let records = AllRecords(query: self, batch: min(limit + 1, Query.Page.maximumLimit), options: options)
        var iterator = records.makeAsyncIterator()
        while true {
            var id: String?
            do throws(BkendError) {
                guard let record = try await iterator.next() else { return result }
                if result.done.count + result.failed.count == limit {
                    result.hasMore = true
                    return result
                }
                id = record.id
                try await handle(record)
                result.done.append(record.id)
            } catch {
                if let flawed = id ?? error.undecodableRecord, error.concernsOneRecord {
                    if result.done.count + result.failed.count == limit {
                        result.hasMore = true
                        return result
                    }
                    result.failed.append((flawed, error))
                    continue
                }
                if isUntouched { throw error }
                result.error = error
                return result
            }
        }
    }
}

extension BkendError {
    /// The record of a row that doesn't fit the model.
    fileprivate var undecodableRecord: String? { if case .decoding(_, let id) = reason { id } else { nil } }

    /// Whether other records may well be handled: the server refused this one, or it doesn't fit the model.
    fileprivate var concernsOneRecord: Bool {
        switch reason {
        case .server(let body):
            switch body.code {
            case .tableNotFound, .scopeInsufficient, .systemTableAccess, .invalidAPIKey: false
            default: (400..<500).contains(body.status) && ![401, 408, 429].contains(body.status)
            }
        case .decoding, .encoding: true
        default: false
        }
    }
}
