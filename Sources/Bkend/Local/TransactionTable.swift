import BkendDocuments
public import BkendSync
import BkendWire

/// The records of one table inside `store.write { … }`. Calls return at once; their changes are stored when the closure
/// returns. Each call throws `StoreError`.
public struct TransactionTable<Model: RecordModel> {
    /// The table's name.
    public let name: String
    let transaction: LocalTransaction

    /// A record by its id, or nil if it isn't on this device.
    public func get(_ id: String) throws(StoreError) -> Record<Model>? {
        try run(id) { try reader.record(id, in: $0) }
    }

    /// Stores a new record and queues it for the server; see `LocalTable.create(_:)`.
    @discardableResult
    public func create(_ model: Model) throws(StoreError) -> Record<Model> {
        try insert(try RecordFields.body(of: model, table: name))
    }

    /// Changes a record and queues the top-level fields that the closure changes.
    @discardableResult
    public func update(_ id: String, _ change: (inout Model) -> Void) throws(StoreError) -> Record<Model> {
        let record = try existing(id)
        let fields = try RecordFields.changes(of: record, table: name, change)
        return fields.isEmpty ? record : try update(id, fields: fields, seen: nil)
    }

    /// Changes a record that was read earlier, for example for a form; see `LocalTable.update(_:_:)` by record.
    @discardableResult
    public func update(_ record: Record<Model>, _ change: (inout Model) -> Void) throws(StoreError) -> Record<Model> {
        let fields = try RecordFields.changes(of: record, table: name, change)
        return try update(record.id, fields: fields, seen: record.json)
    }

    /// Sets some top-level fields of a record; null is stored as null.
    @discardableResult
    package func update(_ id: String, fields: JSONObject) throws(StoreError) -> Record<Model> {
        try RecordFields.check(fields, table: name, record: id)
        return try update(id, fields: fields, seen: nil)
    }

    /// Sets some fields of a record: `update(id, set: { [$0.title.set("New")] })`.
    @_disfavoredOverload
    @discardableResult
    public func update(
        _ id: String, set assignments: (Model.Fields) -> [FieldAssignment]
    ) throws(StoreError) -> Record<Model> {
        try update(id, fields: try RecordFields.object(assignments(Model.fields), table: name, record: id))
    }

    /// Deletes a record.
    public func delete(_ id: String) throws(StoreError) { try delete(id, seen: nil) }

    /// Deletes a record that was read earlier; see `LocalTable.delete(_:)` by record.
    public func delete(_ record: Record<Model>) throws(StoreError) { try delete(record.id, seen: record.json) }

    // MARK: Steps

    /// `seen`: the record that the fields were changed in; nil for the present one.
    func update(_ id: String, fields: JSONObject, seen: JSONObject?) throws(StoreError) -> Record<Model> {
        try run(id) { open in
            try open.whole {
                _ = try open.writes.update(name, id, set: fields, seen: seen)
                return try existing(id)
            }
        }
    }

    func delete(_ id: String, seen: JSONObject?) throws(StoreError) {
        try run(id) { try $0.writes.delete(name, id, seen: seen) }
    }

    func insert(_ fields: JSONObject) throws(StoreError) -> Record<Model> {
        try run(nil) { open in try open.whole { try existing(try open.writes.create(name, fields)) } }
    }

    /// The record as JSON, whether it fits the model or not; nil when there is none.
    func json(_ id: String) throws(StoreError) -> JSONObject? {
        try run(id) { try $0.documents.document(name, id)?.json }
    }

    private func existing(_ id: String) throws(StoreError) -> Record<Model> {
        guard let record = try get(id) else { throw StoreError(.noSuchRecord, table: name, record: id) }
        return record
    }

    private var reader: RecordReader<Model> { RecordReader(table: name, store: transaction.store) }

    private func run<Result>(
        _ id: String?, _ body: (StoreTransaction) throws -> Result
    ) throws(StoreError) -> Result {
        try transaction.run(name, id, body)
    }
}
