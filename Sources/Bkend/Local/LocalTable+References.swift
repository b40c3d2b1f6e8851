import BkendSync
import BkendWire

extension LocalTable where Model: Table {
    /// The record that a reference names, or nil if it isn't on this device.
    ///
    /// - Throws: `StoreError`, as for `get(_:)` by id.
    public func get(_ reference: Reference<Model>) async throws(StoreError) -> Record<Model>? {
        try await get(reference.id)
    }

    /// The records that references name, from one moment. References to records that aren't on this device, or don't fit
    /// the model, are left out.
    ///
    /// ```swift
    /// let written = try await comments.order(by: \.createdAt).limit(20).fetch()
    /// let about = try await articles.get(written.map(\.article))
    /// for comment in written { show("\(about[comment.article]?.title ?? "deleted"): \(comment.text)") }
    /// ```
    ///
    /// - Throws: `StoreError`
    public func get(
        _ references: some Sequence<Reference<Model>>
    ) async throws(StoreError) -> [Reference<Model>: Record<Model>] {
        let wanted = Set(references)
        let reader = RecordReader<Model>(table: name, store: store)
        return try await store.open.read { snapshot in
            var records: [Reference<Model>: Record<Model>] = [:]
            for reference in wanted {
                do { records[reference] = try reader.record(reference.id, in: snapshot) } catch let error as StoreError
                {
                    guard case .notDecodable = error.reason else { throw error }
                }
            }
            return records
        }
    }
}
