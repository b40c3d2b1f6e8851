#if Server
import BkendDocuments
import BkendWire
import GRDB

/// What a caller does to the records of one table, inside one transaction: access, validation, system fields, storage.
struct RecordOperations {
    let table: Table
    let caller: Caller
    let now: Timestamp
    let access: TableAccess
    let columns: ColumnAccess

    init(_ table: Table, caller: Caller, now: Timestamp) {
        self.table = table
        self.caller = caller
        self.now = now
        access = TableAccess(definition: table.definition, caller: caller)
        columns = ColumnAccess(table.definition, caller: caller)
    }

    // MARK: Reading

    /// One record's text.
    func get(_ id: String, in db: Database) throws -> [UInt8] {
        let access = try access.access(to: .read)
        guard let text = try table.collection.document(id: id, in: db) else { throw notFound(id) }
        if access == .allowed, columns.readsAll { return text.bytes }
        let record = try text.json
        try check(access, .read, record)
        return columns.visible(record, caller: caller).serialized()
    }

    // MARK: Writing

    /// Creates records, all or none, and gives their texts.
    func create(_ bodies: [JSONObject], isArray: Bool, id: () -> String, in db: Database) throws -> [[UInt8]] {
        _ = try access.access(to: .create)
        let date = JSON.string(now.description)
        var records: [JSONObject] = []
        var failures: [ErrorBody.Detail] = []
        let matches = FieldPattern.matcher()
        for (index, body) in bodies.enumerated() {
            let fields = Self.withoutSystemFields(body)
            try columns.checkWrite(fields.keys, isOwn: caller.userID != nil)
            var validator = RecordValidator(fillsDefaults: true, matches: matches)
            let stored = validator.object(fields, table.definition.schema, at: isArray ? "[\(index)]" : "")
            failures += validator.failures
            let first: [(String, JSON)] = [("id", .string(id()))]
            let last: [(String, JSON)] = [
                ("createdBy", .string(caller.createdBy)), ("createdAt", date), ("updatedAt", date),
            ]
            records.append(JSONObject(first + stored.map { ($0.key, $0.value) } + last))
        }
        if let error = ErrorBody(failures: failures) { throw error }
        return try records.map { record in
            try duplicatesAnswered { try table.collection.insert(record, in: db) }
            return columns.visible(record, caller: caller).serialized()
        }
    }

    /// Sets fields of a record and gives its whole text. What equals the stored value is no change, as far as the caller
    /// may read it: then nothing is written and `updatedAt` stays.
    func update(_ id: String, set body: JSONObject, in db: Database) throws -> [UInt8] {
        let access = try access.access(to: .update)
        guard let text = try table.collection.document(id: id, in: db) else { throw notFound(id) }
        let old = try text.json
        try check(access, .update, old)
        let fields = Self.withoutSystemFields(body)
        let isOwn = Access.own.covers(createdBy: old["createdBy"]?.stringValue ?? "", caller: caller)
        try columns.checkWrite(fields.keys, isOwn: isOwn)
        var record = Self.withoutSystemFields(old)
        for (name, value) in fields { record[name] = value }
        var validator = RecordValidator(fillsDefaults: false, matches: FieldPattern.matcher())
        let validated = validator.object(record, table.definition.schema, at: "")
        if let error = ErrorBody(failures: columns.shown(validator.failures, written: fields.keys)) { throw error }
        var changed = JSONObject()
        for (name, value) in validated {
            // A field that the caller wrote and may not read changes whatever it held, or `updatedAt` would tell whether
            // the caller has guessed it.
            let isUnread = fields[name] != nil && columns.hides(name, isOwn: isOwn)
            if isUnread || old[name] != value { changed[name] = value }
        }
        guard !changed.isEmpty else { return columns.visible(old, caller: caller).serialized() }
        changed["updatedAt"] = .string(Self.moved(old["updatedAt"]?.stringValue, now: now).description)
        let new = try duplicatesAnswered { try table.collection.patch(id: id, set: changed, in: db) }
        guard let new else { throw notFound(id) }
        return columns.readsAll ? new.bytes : columns.visible(try new.json, caller: caller).serialized()
    }

    /// Deletes a record for good.
    func delete(_ id: String, in db: Database) throws {
        let access = try access.access(to: .delete)
        if access != .allowed {
            guard let text = try table.collection.document(id: id, in: db) else { throw notFound(id) }
            try check(access, .delete, try text.json)
        }
        guard try table.collection.delete(id: id, in: db) else { throw notFound(id) }
    }

    // MARK: Rules

    /// The next `updatedAt`: now, but always after the last one, also when the clock stood still or stepped back.
    static func moved(_ last: String?, now: Timestamp) -> Timestamp {
        guard let last = last.flatMap(Timestamp.init), now <= last else { return now }
        return Timestamp(clamping: last.milliseconds + 1)
    }

    /// A client's values for system fields are ignored.
    static func withoutSystemFields(_ object: JSONObject) -> JSONObject {
        guard object.contains(where: { SystemField.contains($0.key) }) else { return object }
        return JSONObject(object.filter { !SystemField.contains($0.key) }.map { ($0.key, $0.value) })
    }

    private func check(_ access: Access, _ operation: TableOperation, _ record: JSONObject) throws(ErrorBody) {
        if access.covers(createdBy: record["createdBy"]?.stringValue ?? "", caller: caller) { return }
        throw TableAccess.denied(operation, table.name)
    }

    private func notFound(_ id: String) -> ErrorBody {
        let shown = id.utf8.count <= 64 ? JSON.string(id).description : "with an id of \(id.utf8.count) bytes"
        let message = "\(table.name) has no record \(shown)"
        return ErrorBody(.notFound, message, details: [.init(field: "id", rule: "exists", message: message)])
    }

    /// Turns the storage's word for a taken value into the API's.
    private func duplicatesAnswered<Result>(_ body: () throws -> Result) throws -> Result {
        do { return try body() } catch let violation as UniqueViolation {
            let details = violation.fields.map {
                ErrorBody.Detail(field: $0, rule: "unique", message: "\($0) already exists")
            }
            let fields = violation.fields.joined(separator: ", ")
            throw ErrorBody(.duplicateValue, "a record with this \(fields) already exists", details: details)
        }
    }
}
#endif
