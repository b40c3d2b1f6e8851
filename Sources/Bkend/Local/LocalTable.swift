public import BkendSync
import BkendWire

/// The records of one table on this device.
///
/// Reads see what is on this device: what subscriptions brought here, and what was written here. Writes are queued for
/// the server. An id that `create` gave stays good for ever, in calls, values and filters, also when the server has given
/// the record another one.
public struct LocalTable<Model: RecordModel>: Sendable {
    /// The table's name.
    public let name: String
    let store: LocalStore

    /// A record by its id, nil when there is none on this device.
    ///
    /// - Throws: `StoreError`; `notDecodable` when the record doesn't fit the model.
    public func get(_ id: String) async throws(StoreError) -> Record<Model>? {
        let reader = RecordReader<Model>(table: name, store: store)
        return try await store.open.read { try reader.record(id, in: $0) }
    }

    // MARK: Writing

    /// Stores a new record and queues it for the server.
    ///
    /// A field that is nil is left out, so that the server's default for it holds; values for system fields are left out
    /// too.
    ///
    /// - Returns: the record with the id that it has here.
    /// - Throws: `StoreError`
    @discardableResult
    public func create(_ model: Model) async throws(StoreError) -> Record<Model> {
        let fields = try RecordFields.body(of: model, table: name)
        return try await change { try $0.insert(fields) }
    }

    /// Stores new records in one transaction, all of them or none.
    ///
    /// - Returns: the records, in the same order.
    /// - Throws: `StoreError`
    @discardableResult
    public func createAll(_ models: [Model]) async throws(StoreError) -> [Record<Model>] {
        var bodies: [JSONObject] = []
        for model in models { bodies.append(try RecordFields.body(of: model, table: name)) }
        if bodies.isEmpty { return [] }
        return try await change { [bodies] table in try bodies.map { try table.insert($0) } }
    }

    /// Changes a record: the closure gets the model as it is now, and the top-level fields that it changes are queued.
    ///
    /// Nothing that others write meanwhile is lost: should the record have changed while the closure ran, the closure runs
    /// again on what it is then. It runs where the caller is, on the main actor for example.
    ///
    /// - Returns: the record as it is now.
    /// - Throws: `StoreError`; `noSuchRecord` when it isn't on this device.
    @discardableResult
    nonisolated(nonsending) public func update(
        _ id: String, _ change: (inout Model) -> Void
    ) async throws(StoreError) -> Record<Model> {
        while true {
            guard let record = try await get(id) else {
                throw StoreError(.noSuchRecord, table: name, record: id)
            }
            let fields = try RecordFields.changes(of: record, table: name, change)
            if fields.isEmpty { return record }
            let (json, name) = (record.json, name)
            let updated = try await self.change { table -> Record<Model>? in
                guard let now = try table.json(id) else {
                    throw StoreError(.noSuchRecord, table: name, record: id)
                }
                guard now == json else { return nil }
                return try table.update(id, fields: fields)
            }
            if let updated { return updated }
        }
    }

    /// Changes a record that was read before, a form's for example: the closure gets the model as it was read, and the
    /// top-level fields that it changes are queued.
    ///
    /// ```swift
    /// let shown = try await notes.get(id)              // a form shows it; meanwhile another device changes it
    /// try await notes.update(shown) { $0 = edited }    // only what was edited in the form is written
    /// ```
    ///
    /// Fields that the closure leaves alone keep what they are by now. A field that it changes, and that has changed
    /// elsewhere since the record was read, is a conflict: it is reported and decided by the policy once it is sent. To
    /// count on from the present value, use `update(_:_:)` by id.
    ///
    /// - Returns: the record as it is now.
    /// - Throws: `StoreError`; `noSuchRecord` when it isn't on this device any more.
    @discardableResult
    nonisolated(nonsending) public func update(
        _ record: Record<Model>, _ change: (inout Model) -> Void
    ) async throws(StoreError) -> Record<Model> {
        let fields = try RecordFields.changes(of: record, table: name, change)
        let (id, seen) = (record.id, record.json)
        return try await self.change { try $0.update(id, fields: fields, seen: seen) }
    }

    /// Sets some top-level fields of a record; null is stored as null. A field that has its value already is no change.
    ///
    /// - Throws: `StoreError`
    @discardableResult
    public func update(_ id: String, fields: JSONObject) async throws(StoreError) -> Record<Model> {
        try RecordFields.check(fields, table: name, record: id)
        return try await change { try $0.update(id, fields: fields) }
    }

    /// Sets some fields of a record: `update(id, set: { [$0.title.set("New"), $0.subtitle.set(nil)] })`.
    ///
    /// - Throws: `StoreError`; also when a field is not at the top level.
    @_disfavoredOverload
    @discardableResult
    nonisolated(nonsending) public func update(
        _ id: String, set assignments: (Model.Fields) -> [FieldAssignment]
    ) async throws(StoreError) -> Record<Model> {
        try await update(id, fields: try RecordFields.object(assignments(Model.fields), table: name, record: id))
    }

    /// Deletes a record. What the server can't have yet is taken out of the outbox instead.
    ///
    /// - Throws: `StoreError`; `noSuchRecord` when it isn't on this device.
    public func delete(_ id: String) async throws(StoreError) { try await change { try $0.delete(id) } }

    /// Deletes a record that was read before; see `delete(_:)` by id. Where it has changed elsewhere since it was read,
    /// that is a conflict.
    public func delete(_ record: Record<Model>) async throws(StoreError) {
        let (id, seen) = (record.id, record.json)
        try await change { try $0.delete(id, seen: seen) }
    }

    /// One transaction in this table.
    private func change<Result: Sendable>(
        _ body: @escaping @Sendable (TransactionTable<Model>) throws -> Result
    ) async throws(StoreError) -> Result {
        let name = name
        do {
            return try await store.write { try body($0.table(name, of: Model.self)) }
        } catch {
            throw StoreError(error, table: name)
        }
    }
}

extension LocalTable: LocalQueryable {
    /// Every record of the table.
    public var localQuery: LocalQuery<Model> { LocalQuery(table: name, store: store, query: TableQuery()) }
}
