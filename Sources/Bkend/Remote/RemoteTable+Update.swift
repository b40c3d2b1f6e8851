import BkendWire

extension RemoteTable {
    // The closures run where the caller is, on the main actor for example, so that they may use what lives there.

    /// Changes a record: reads it, lets the closure change the model, and sends the top-level fields that differ.
    ///
    /// ```swift
    /// let again = try await posts.update(draft.id) { $0.views += 1 }
    /// ```
    ///
    /// Fields that the closure doesn't change keep the server's current values, including values that others write
    /// meanwhile. A field set to nil is stored as null. In a changed nested object, members that the model doesn't know
    /// are kept as they were read. If nothing changed, nothing is sent.
    ///
    /// - Returns: the record as the server stored it, or as it was read if nothing changed.
    /// - Throws: `BkendError`. If its `mayHaveBeenApplied` is true, the server may still have applied the change.
    @discardableResult
    nonisolated(nonsending) public func update(
        _ id: String, options: CallOptions = .default, _ change: (inout Model) -> Void
    ) async throws(BkendError) -> Record<Model> {
        var rest = options
        let remaining = runner.stopwatch(options)
        let record = try await get(id, options: options)
        rest.deadline = remaining()
        return try await update(record, options: rest, change)
    }

    /// Changes a record that was read earlier, in one request; see `update(_:options:_:)` by id.
    @discardableResult
    nonisolated(nonsending) public func update(
        _ record: Record<Model>, options: CallOptions = .default, _ change: (inout Model) -> Void
    ) async throws(BkendError) -> Record<Model> {
        var model = record.model
        change(&model)
        let body: JSONObject
        do throws(JSONCodingError) {
            let before = try JSONObject(encoding: record.model)
            body = RecordChanges.body(record: record.json, before: before, after: try JSONObject(encoding: model))
            try body.checkNames()
        } catch {
            throw BkendError(.encoding(error), operation: call(.patch, record.id, options).operation)
        }
        if body.isEmpty { return record }
        return try await self.record(call(.patch, record.id, body: .object(body), options))
    }

    /// Sets some fields of a record without reading it first; null is stored as null.
    ///
    /// - Returns: the whole record as the server stored it. Without fields, the record is read instead.
    /// - Throws: `BkendError`, as for `update(_:options:_:)`.
    @discardableResult
    package func update(
        _ id: String, fields: JSONObject, options: CallOptions = .default
    ) async throws(BkendError) -> Record<Model> {
        if fields.isEmpty { return try await get(id, options: options) }
        let call = call(.patch, id, body: .object(fields), options)
        do throws(JSONCodingError) {
            _ = try JSON(encoding: fields)  // refuses NaN and infinities
            try fields.checkNames()
        } catch {
            throw BkendError(.encoding(error), operation: call.operation)
        }
        return try await record(call)
    }

    /// Sets some fields of a record without reading it first:
    ///
    /// ```swift
    /// try await posts.update(draft.id, set: { [$0.isPublished.set(true), $0.publishedOn.set(nil)] })
    /// ```
    ///
    /// - Returns: the whole record as the server stored it.
    /// - Throws: `BkendError`, as for `update(_:options:_:)`; also when a field is not at the top level.
    @_disfavoredOverload
    @discardableResult
    nonisolated(nonsending) public func update(
        _ id: String, options: CallOptions = .default, set assignments: (Model.Fields) -> [FieldAssignment]
    ) async throws(BkendError) -> Record<Model> {
        let fields: JSONObject
        do throws(JSONCodingError) {
            fields = try FieldAssignment.object(assignments(Model.fields))
        } catch {
            throw BkendError(.encoding(error), operation: call(.patch, id, options).operation)
        }
        return try await update(id, fields: fields, options: options)
    }
}
