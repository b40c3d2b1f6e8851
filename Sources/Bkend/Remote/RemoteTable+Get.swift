import BkendWire

extension RemoteTable {
    /// One record by its id.
    ///
    /// - Throws: `BkendError`. Its `code` is `notFound` if the record doesn't exist.
    public func get(_ id: String, options: CallOptions = .default) async throws(BkendError) -> Record<Model> {
        try await record(call(.get, id, options))
    }

    /// Deletes a record permanently.
    ///
    /// - Throws: `BkendError`. Its `code` is `notFound` if the record doesn't exist; after a delete that failed with
    ///   `mayHaveBeenApplied`, this means that the delete was applied.
    public func delete(_ id: String, options: CallOptions = .default) async throws(BkendError) {
        let call = call(.delete, id, options)
        let answer = try await runner.run(call)
        guard answer.json.isNull || answer.json.objectValue != nil else {
            throw answer.mismatch(call, JSONCodingError(path: "", message: "expected an object"))
        }
    }

    /// Deletes a record permanently.
    ///
    /// - Throws: `BkendError`, as for `delete(_:options:)` by id.
    public func delete(_ record: Record<Model>, options: CallOptions = .default) async throws(BkendError) {
        try await delete(record.id, options: options)
    }
}
