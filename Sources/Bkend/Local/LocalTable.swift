public import BkendSync
import BkendWire

/// The records of one table on this device.
///
/// Reads see the records on this device: those from subscriptions and those written here. Writes are queued for the
/// server. An id from `create` stays valid forever, in calls, values and filters, even after the server has given the
/// record another id.
public struct LocalTable<Model: RecordModel>: Sendable {
    /// The table's name.
    public let name: String
    let store: LocalStore

    /// A record by its id, or nil if it isn't on this device.
    ///
    /// - Throws: `StoreError`; `notDecodable` if the record doesn't fit the model.
    public func get(_ id: String) async throws(StoreError) -> Record<Model>? {
        let reader = RecordReader<Model>(table: name, store: store)
        return try await store.open.read { try reader.record(id, in: $0) }
    }

    // MARK: Writing

    /// Stores a new record and queues it for the server.
    ///
    /// ```swift
    /// let note = try await notes.create(Note(text: "Written in a tunnel"))
    /// ```
    ///
    /// A nil field is left out, so that the server's default applies. Values for system fields are left out too.
    ///
    /// - Returns: the record with its local id.
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
    /// ```swift
    /// try await notes.update(note.id) { $0.isDone = true }
    /// ```
    ///
    /// Concurrent writes aren't lost: if the record changes while the closure runs, the closure runs again with the new
    /// version. It runs in the caller's isolation, for example on the main actor.
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

    /// Changes a record that was read earlier, for example for a form. The closure gets the model as it was read, and
    /// the top-level fields that it changes are queued.
    ///
    /// ```swift
    /// let shown = try await notes.get(id)  // a form shows it
    /// try await notes.update(shown) { $0 = edited }  // writes only what was edited
    /// ```
    ///
    /// Fields that the closure doesn't change keep their current values. If the closure changes a field that has also
    /// changed elsewhere since the record was read, that is a conflict: it is reported, and the policy decides it when
    /// the update is sent. To compute a value from the current one, such as a counter, use `update(_:_:)` by id.
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

    /// Sets some top-level fields of a record; null is stored as null. A field that already has the value isn't a
    /// change.
    ///
    /// - Throws: `StoreError`
    @discardableResult
    package func update(_ id: String, fields: JSONObject) async throws(StoreError) -> Record<Model> {
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

    /// Deletes a record. If the server can't have the record yet, its entries are removed from the outbox instead.
    ///
    /// - Throws: `StoreError`; `noSuchRecord` when it isn't on this device.
    public func delete(_ id: String) async throws(StoreError) { try await change { try $0.delete(id) } }

    /// Deletes a record that was read earlier; see `delete(_:)` by id. If the record has changed elsewhere since it was
    /// read, that is a conflict.
    public func delete(_ record: Record<Model>) async throws(StoreError) {
        let (id, seen) = (record.id, record.json)
        try await change { try $0.delete(id, seen: seen) }
    }

    /// One transaction in this table.
    func change<Result: Sendable>(
        _ body: @escaping @Sendable (TransactionTable<Model>) throws -> Result
    ) async throws(StoreError) -> Result {
        let name = name
        do {
            return try await store.write { try body($0.table(of: Model.self, named: name)) }
        } catch {
            throw StoreError(error, table: name)
        }
    }
}

extension LocalTable: LocalQueryable {
    /// Every record of the table.
    public var query: LocalQuery<Model> { LocalQuery(table: name, source: store) }
}
