import BkendWire

extension RemoteTable {
    /// Changes the record that has the model's value in a field, or creates one if none has it.
    ///
    /// ```swift
    /// let tag = try await tags.upsert(Tag(name: "Swift", slug: "swift"), by: \.slug)
    /// ```
    ///
    /// The fields that differ from the record's are sent; nil is stored as null. With several fields, all must be equal.
    /// If several records match, the one created first is changed.
    ///
    /// **Two devices may both create**, since looking and creating are two requests, unless the field is `unique` on the
    /// server. If it is, the device whose create is refused changes the other's record instead.
    ///
    /// - Parameters:
    ///   - model: the record's fields.
    ///   - first: the field that identifies the record, at the top level. The model must have a value there.
    ///   - rest: more such fields.
    ///   - options: options for each request.
    /// - Returns: the record as the server stored it.
    /// - Throws: `BkendError`, as for `create(_:options:)`.
    @discardableResult
    public func upsert<First, each Rest>(
        _ model: Model, by first: KeyPath<Model.Fields, Field<First>>,
        _ rest: repeat KeyPath<Model.Fields, Field<each Rest>>, options: CallOptions = .default
    ) async throws(BkendError) -> Record<Model> {
        try await upsert(model, byPaths: LocalTable<Model>.paths(first, repeat each rest), options)
    }

    private func upsert(
        _ model: Model, byPaths names: [String], _ options: CallOptions
    ) async throws(BkendError) -> Record<Model> {
        let body = try body(of: model, for: call(.post, nil, options))
        guard let filter = UpsertKey.filter(of: body, names) else {
            throw BkendError(
                .invalidArgument(UpsertKey.flaw(names)), operation: call(.post, nil, options).operation)
        }
        let found = query.narrowed(filter).order(by: \.createdAt)
        if let record = try await found.first(options: options) {
            return try await update(record, options: options) { $0 = model }
        }
        do throws(BkendError) { return try await create(model, options: options) } catch {
            // Somebody has created it meanwhile, or another field's value is taken.
            guard error.code == .duplicateValue, let record = try await found.first(options: options) else {
                throw error
            }
            return try await update(record, options: options) { $0 = model }
        }
    }
}
