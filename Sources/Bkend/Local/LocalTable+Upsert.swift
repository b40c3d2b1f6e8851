import BkendSync
import BkendWire

extension LocalTable {
    /// Changes the record that has the model's value in a field, or creates one if none has it.
    ///
    /// ```swift
    /// let tag = try await tags.upsert(Tag(name: "Swift", slug: "swift"), by: \.slug)
    /// ```
    ///
    /// The fields that differ from the record's are queued; nil is stored as null. With several fields, all must be equal.
    /// If several records match, the one created first is changed.
    ///
    /// **Two devices may both create.** Only this device's records are searched, in one transaction. Another device may
    /// have created the same record, or may do so before it hears of this one. Make the field `unique` on the server: the
    /// second create becomes a dead letter then, instead of a duplicate.
    ///
    /// - Parameters:
    ///   - model: the record's fields.
    ///   - first: the field that identifies the record, at the top level. The model must have a value there.
    ///   - rest: more such fields.
    /// - Returns: the record as it is now.
    /// - Throws: `StoreError`; `notDecodable` if the record that has the value doesn't fit the model.
    @discardableResult
    public func upsert<First, each Rest>(
        _ model: Model, by first: KeyPath<Model.Fields, Field<First>>,
        _ rest: repeat KeyPath<Model.Fields, Field<each Rest>>
    ) async throws(StoreError) -> Record<Model> {
        try await upsert(model, byPaths: Self.paths(first, repeat each rest))
    }

    // Without the types of the fields: a closure can't capture a parameter pack (Swift 6.3 ends the program).
    private func upsert(_ model: Model, byPaths names: [String]) async throws(StoreError) -> Record<Model> {
        let body = try RecordFields.body(of: model, table: name)
        guard let filter = UpsertKey.filter(of: body, names) else {
            throw StoreError(.invalidRecord(UpsertKey.flaw(names)), table: name)
        }
        return try await change { table in
            let found = table.query.narrowed(filter).order(by: \.createdAt).order(by: \.id)
            guard let record = try found.first() else { return try table.insert(body) }
            return try table.update(record.id) { $0 = model }
        }
    }
}
