import BkendAccounts
import BkendDocuments
import BkendStorage
import BkendWire

/// What a caller does to the records of one table, inside one transaction: access, validation, system fields, storage.
struct RecordOperations {
    let table: Table
    let caller: Caller
    let access: TableAccess
    let columns: ColumnAccess

    init(_ table: Table, caller: Caller) {
        self.table = table
        self.caller = caller
        access = TableAccess(definition: table.definition, caller: caller)
        columns = ColumnAccess(table.definition, caller: caller)
    }

    // MARK: Reading

    /// One record's text.
    func get(_ id: String, _ attempt: ReadAttempt, in session: any StorageSession) throws -> [UInt8] {
        let access = try access.access(to: .read)
        guard let text = try session.document(id, in: table) else { throw notFound(id) }
        if access == .allowed, columns.readsAll { return text.bytes }
        try attempt.expect(.record(bytes: text.bytes.count))
        let record = try text.json
        try check(access, .read, record)
        return columns.visible(record, caller: caller).serialized()
    }

    // MARK: Writing

    /// Creates records, all or none, and writes them into the answer, commas between them.
    func create(
        _ records: CheckedRecords, limits: ServerLimits, into out: inout AnswerBody, in session: any StorageTransaction
    ) throws {
        let date = JSON.string(session.now.description)
        let checked = try records.checked(by: table, caller: caller)
        let note = ChangeNote(
            author: caller.createdBy, owner: caller.createdBy, stamp: session.now.description)
        var documents: [NewDocument] = []
        documents.reserveCapacity(checked.count)
        for (index, fields) in checked.enumerated() {
            let id = session.newID()
            let last: [(String, JSON)] = [
                ("createdBy", .string(caller.createdBy)), ("createdAt", date), ("updatedAt", date),
            ]
            let record = JSONObject([("id", .string(id))] + fields.map { ($0.key, $0.value) } + last)
            let text = record.serialized()
            // Defaults and the longer form of some numbers make a record larger than its body.
            try RecordSize.check(text.count, limits, field: records.isArray ? "[\(index)]" : "body")
            documents.append(NewDocument(id: id, checked: text))
            if index > 0 { try out.write(",") }
            try out.write(columns.readsAll ? text : columns.visible(record, caller: caller).serialized())
            try RecordSize.check(together: out.count, limits)
        }
        try duplicatesAnswered(isOwn: caller.userID != nil) {
            try session.apply(documents.map { DocumentChange.insert($0, note) }, to: table)
        } written: { id in
            documents.firstIndex { $0.id.hasSameBytes(as: id) }.map { checked[$0] } ?? [:]
        }
    }

    /// Sets fields of a record and gives its whole text.
    ///
    /// - Parameters:
    ///   - known: the change as it was worked out beforehand. If the record or the table's definition is another one by
    ///     now, it is worked out again.
    /// - Returns: nil when that would hold up other writes for too long; nothing was done then.
    func update(
        _ id: String, by known: CheckedChange, set body: JSONObject, limits: ServerLimits,
        in session: any StorageTransaction
    ) throws -> [UInt8]? {
        guard let change = try current(known, of: id, set: body, in: session) else { return nil }
        if change.fields.isEmpty { return try visible(change) }
        // New fields go to the end, the others keep their place.
        var record = try DocumentText(bytes: change.text).json
        for (name, value) in change.fields { record[name] = value }
        let stamp = Self.moved(change.updatedAt, now: session.now).description
        record["updatedAt"] = .string(stamp)
        let text = record.serialized()
        let note = ChangeNote(
            author: caller.createdBy, owner: record["createdBy"]?.stringValue ?? "", stamp: stamp)
        try duplicatesAnswered(isOwn: change.isOwn) {
            try session.apply([.replace(id: id, old: change.text, new: text, note)], to: table)
        } written: { _ in
            body
        }
        // What is larger from before may be changed, and become smaller, but not grow.
        if text.count > change.text.count { try RecordSize.check(text.count, limits, field: "body") }
        return columns.readsAll ? text : columns.visible(record, caller: caller).serialized()
    }

    /// The record as a change that changes nothing found it.
    func visible(_ change: CheckedChange) throws -> [UInt8] {
        let record = try JSON(parsing: change.text).objectValue ?? [:]
        return columns.visible(record, caller: caller).serialized()
    }

    /// Deletes a record for good.
    func delete(_ id: String, in session: any StorageTransaction) throws {
        let access = try access.access(to: .delete)
        guard let text = try session.documentForWriting(id, in: table) else { throw notFound(id) }
        // Who may delete whatever there is may delete a damaged record too.
        let record = access == .allowed ? (try? text.json) ?? [:] : try text.json
        if access != .allowed { try check(access, .delete, record) }
        let note = ChangeNote(
            author: caller.createdBy, owner: record["createdBy"]?.stringValue ?? "",
            stamp: Self.moved(record["updatedAt"]?.stringValue, now: session.now).description)
        try session.apply([.delete(id: id, old: text.bytes, note)], to: table)
    }

    /// Refuses to delete a record that isn't there, or not the caller's to delete.
    func checkDelete(of id: String, _ attempt: ReadAttempt, in session: any StorageSession) throws {
        let access = try access.access(to: .delete)
        guard let text = try session.document(id, in: table) else { throw notFound(id) }
        guard access != .allowed else { return }
        try attempt.expect(.record(bytes: text.bytes.count))
        try check(access, .delete, try text.json)
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

    func check(_ access: Access, _ operation: TableOperation, _ record: JSONObject) throws(ErrorBody) {
        if access.covers(createdBy: record["createdBy"]?.stringValue ?? "", caller: caller) { return }
        throw TableAccess.denied(operation, table.name)
    }

    func notFound(_ id: String) -> ErrorBody {
        let shown = id.utf8.count <= 64 ? JSON.string(id).description : "with an id of \(id.utf8.count) bytes"
        let message = "\(table.name) has no record \(shown)"
        return ErrorBody(.notFound, message, details: [.init(field: "id", rule: "exists", message: message)])
    }

    /// Turns the storage's word for a taken value into the API's; of an index's fields it names those that the caller
    /// wrote or may read.
    ///
    /// - Parameter written: what the caller wrote into the record of an id.
    private func duplicatesAnswered(
        isOwn: Bool, _ body: () throws -> Void, written: (String) -> JSONObject
    ) throws {
        do { try body() } catch let violation as UniqueViolation {
            let written = written(violation.id)
            let fields = violation.fields.filter { path in
                !columns.conceals(String(path.prefix { $0 != "." }), in: written, isOwn: isOwn)
            }
            if fields.isEmpty { throw ErrorBody(.duplicateValue, "a record with these values already exists") }
            let details = fields.map {
                ErrorBody.Detail(field: $0, rule: "unique", message: "\($0) already exists")
            }
            let names = fields.joined(separator: ", ")
            throw ErrorBody(.duplicateValue, "a record with this \(names) already exists", details: details)
        }
    }
}
