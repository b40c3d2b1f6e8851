import BkendWire

extension RemoteTable {
    /// Stores a new record.
    ///
    /// ```swift
    /// let draft = try await posts.create(Post(title: "Offline", tags: ["sync"]))
    /// ```
    ///
    /// A nil field is left out, so that the server's default applies. Values for system fields are left out too,
    /// because the server sets them.
    ///
    /// - Returns: the record as the server stored it.
    /// - Throws: `BkendError`. If its `mayHaveBeenApplied` is true, the server may still have created the record.
    @discardableResult
    public func create(
        _ model: Model, options: CallOptions = .default
    ) async throws(BkendError) -> Record<Model> {
        let empty = call(.post, nil, options)
        return try await record(call(.post, nil, body: .object(try body(of: model, for: empty)), options))
    }

    /// Stores new records, either all of them or none (rest-api.md §2).
    ///
    /// ```swift
    /// let many = try await posts.createAll([Post(title: "One"), Post(title: "Two")])
    /// ```
    ///
    /// - Returns: the records as the server stored them, in the same order. Without models, nothing is sent.
    /// - Throws: `BkendError`, as for `create(_:options:)`.
    @discardableResult
    public func createAll(
        _ models: [Model], options: CallOptions = .default
    ) async throws(BkendError) -> [Record<Model>] {
        if models.isEmpty { return [] }
        var call = call(.post, nil, options)
        var bodies: [JSON] = []
        bodies.reserveCapacity(models.count)
        for (index, model) in models.enumerated() {
            bodies.append(.object(try body(of: model, for: call, at: index)))
        }
        call.body = .array(bodies)
        let answer = try await runner.run(call)
        guard let items = answer.json["items"]?.arrayValue ?? answer.json.arrayValue, items.count == models.count else {
            let message = "expected the \(models.count) records that were created"
            throw answer.mismatch(call, JSONCodingError(path: "items", message: message))
        }
        return try answer.records(items, call)
    }

    func body(of model: Model, for call: Call, at index: Int? = nil) throws(BkendError) -> JSONObject {
        do throws(JSONCodingError) {
            var object = try JSONObject(encoding: model)
            for field in SystemField.allCases { object[field.rawValue] = nil }
            try object.checkNames()
            return object
        } catch {
            var error = error
            if let index { error.path = "[\(index)]" + (error.path.isEmpty ? "" : ".") + error.path }
            throw BkendError(.encoding(error), operation: call.operation)
        }
    }
}
