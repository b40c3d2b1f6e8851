import BkendWire

extension RemoteTable where Model: Table {
    /// The record that a reference names.
    ///
    /// - Throws: `BkendError`, as for `get(_:options:)` by id.
    public func get(
        _ reference: Reference<Model>, options: CallOptions = .default
    ) async throws(BkendError) -> Record<Model> {
        try await get(reference.id, options: options)
    }

    /// The records that references name, for example those of a page: one request for a hundred different ids instead of
    /// one for each. References to records that don't exist, that this user may not list, or that don't fit the model,
    /// are left out.
    ///
    /// ```swift
    /// let page = try await comments.order(by: \.createdAt, .descending).page()
    /// let about = try await articles.get(page.records.map(\.article))
    /// ```
    ///
    /// - Throws: `BkendError`
    public func get(
        _ references: some Sequence<Reference<Model>>, options: CallOptions = .default
    ) async throws(BkendError) -> [Reference<Model>: Record<Model>] {
        let wanted = Set(references).map(\.id).sorted { $0.precedesInBytes($1) }
        var records: [Reference<Model>: Record<Model>] = [:]
        for start in stride(from: 0, to: wanted.count, by: Query.Page.maximumLimit) {
            let part = wanted[start..<min(start + Query.Page.maximumLimit, wanted.count)].map(JSON.string)
            let filter = Filter.condition(Condition(SystemField.id.rawValue, .isIn(part)))
            var found = query.narrowed(filter).all(options: options).makeAsyncIterator()
            while true {
                do throws(BkendError) {
                    guard let record = try await found.next() else { break }
                    records[Reference(record)] = record
                } catch {
                    guard case .decoding(_, .some) = error.reason else { throw error }
                }
            }
        }
        return records
    }
}
