public import BkendSync
import BkendWire

extension LocalQueryable {
    /// Changes all matching records, and queues the top-level fields that the closure changes.
    ///
    /// ```swift
    /// let result = try await notes.where { $0.text.contains("milk") }.updateAll { $0.isDone = true }
    /// ```
    ///
    /// It is one transaction: either all of it is stored, or nothing. Therefore it has a limit; the query's order decides
    /// which records come first. Records that don't fit the model stay as they are and are in the result's `failed`. Each
    /// changed record is a write of its own in the outbox, and the server may reject one of them.
    ///
    /// - Parameters:
    ///   - limit: the maximum number of records, 1 to 10,000. The result's `hasMore` says whether there are more.
    ///   - change: changes one record. It runs on the store's own thread.
    /// - Throws: `StoreError`. Nothing is stored then.
    public func updateAll(
        limit: Int = 1_000, _ change: @escaping @Sendable (inout Model) -> Void
    ) async throws(StoreError) -> BatchResult<StoreError> {
        let query = query
        guard query.parts.select == nil else {
            throw StoreError(.invalidQuery("updateAll changes whole records; remove select"), table: query.table)
        }
        return try await query.batch(limit: limit) { (table: TransactionTable<Model>, query) in
            let found = try query.fetch()
            var result = BatchResult<StoreError>()
            for record in found {
                let fields = try RecordFields.changes(of: record, table: query.table, change)
                if !fields.isEmpty { _ = try table.update(record.id, fields: fields, seen: nil) }
                result.done.append(record.id)
            }
            result.failed = found.undecodable.map { ($0.id, StoreError($0, table: query.table)) }
            return result
        }
    }

    /// Deletes all matching records, whether they fit the model or not.
    ///
    /// ```swift
    /// try await notes.where { $0.isDone == true }.order(by: \.updatedAt).deleteAll(limit: 100)
    /// ```
    ///
    /// It is one transaction, with a limit, as `updateAll` is.
    ///
    /// - Parameter limit: the maximum number of records, 1 to 10,000. The result's `hasMore` says whether there are more.
    /// - Throws: `StoreError`. Nothing is stored then.
    @discardableResult
    public func deleteAll(limit: Int = 1_000) async throws(StoreError) -> BatchResult<StoreError> {
        let bare: LocalQuery<JSONObject> = query.changed { $0.select = [] }
        return try await bare.batch(limit: limit) { table, query in
            var result = BatchResult<StoreError>()
            for record in try query.fetch() {
                try table.delete(record.id)
                result.done.append(record.id)
            }
            return result
        }
    }
}

extension RecordQuery where Source == LocalStore {
    /// Runs a change of the first records in one transaction.
    fileprivate func batch(
        limit most: Int,
        _ body:
            @escaping @Sendable (TransactionTable<Model>, TransactionQuery<Model>) throws -> BatchResult<StoreError>
    ) async throws(StoreError) -> BatchResult<StoreError> {
        guard (1...10_000).contains(most) else {
            throw StoreError(.invalidQuery("a change of many records has a limit of 1 to 10,000"), table: table)
        }
        let (name, parts, offset, limit) = (table, parts, offset, limit ?? .max)
        do {
            return try await source.write { transaction in
                var query = TransactionQuery<Model>(table: name, source: transaction)
                (query.parts, query.offset, query.limit) = (parts, offset, min(limit, most))
                let hasMore = try limit > most && query.count() - offset > most
                var result = try body(transaction.table(of: Model.self, named: name), query)
                result.hasMore = hasMore
                return result
            }
        } catch {
            throw StoreError(error, table: name)
        }
    }
}
