import BkendWire

extension RemoteTable {
    /// One record by its id.
    ///
    /// - Throws: `BkendError`; its `isNotFound` is true when there is no such record.
    public func get(_ id: String, options: CallOptions = .default) async throws(BkendError) -> Record<Model> {
        try await record(call(.get, id, options))
    }

    /// Deletes a record for good.
    ///
    /// - Throws: `BkendError`; its `isNotFound` is true when there is no such record, which after a delete that failed
    ///   with `mayHaveBeenApplied` means that it was done.
    public func delete(_ id: String, options: CallOptions = .default) async throws(BkendError) {
        let call = call(.delete, id, options)
        let answer = try await runner.run(call)
        guard answer.json.isNull || answer.json.objectValue != nil else {
            throw answer.mismatch(call, JSONCodingError(path: "", message: "expected an object"))
        }
    }

    /// Deletes a record for good.
    ///
    /// - Throws: `BkendError`, as for `delete(_:options:)` by id.
    public func delete(_ record: Record<Model>, options: CallOptions = .default) async throws(BkendError) {
        try await delete(record.id, options: options)
    }
}
