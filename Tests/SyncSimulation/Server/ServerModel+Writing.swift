import BkendSync
import BkendWire

extension ServerModel {
    /// Why a write is refused.
    struct Refusal: Error {
        let answer: SyncAnswer

        init(_ status: Int, _ code: String, _ message: String) { answer = .error(status, code, message) }
    }

    mutating func create(
        _ table: ServerTable, _ call: ServerCall, _ caller: Caller, at now: Int64, node: Int
    ) -> SyncAnswer {
        if table.access.scope(.create, caller) != .everything {
            return .error(403, "data/permission-denied", "no create on \(table.name)")
        }
        do {
            let fields = try Self.fields(of: call.body, table, caller)
            let row = try insert(table.name, fields, by: caller, at: now, node: node, origin: call.origin)
            return shown(row, table, caller, status: 201)
        } catch {
            return error.answer
        }
    }

    mutating func update(
        _ table: ServerTable, _ id: String, _ call: ServerCall, _ caller: Caller, at now: Int64, node: Int
    ) -> SyncAnswer {
        do {
            let row = try target(table, id, .update, caller)
            let fields = try Self.fields(of: call.body, table, caller)
            let now = try change(table.name, row, fields, at: now, node: node, origin: call.origin, by: caller)
            return shown(now, table, caller, status: 200)
        } catch {
            return error.answer
        }
    }

    mutating func delete(
        _ table: ServerTable, _ id: String, _ call: ServerCall, _ caller: Caller, at now: Int64
    ) -> SyncAnswer {
        do {
            let row = try target(table, id, .delete, caller)
            self[table: table.name]?.remove(row.id)
            history.noteDeletion(table.name, row.id, at: now)
            log.append(
                ServerWrite(origin: call.origin, table: table.name, id: row.id, kind: .delete, user: caller.user))
            return .json(200, ["success": true])
        } catch {
            return error.answer
        }
    }

    /// Stores a new record.
    @discardableResult
    mutating func insert(
        _ name: String, _ fields: JSONObject, by caller: Caller, at now: Int64, node: Int = 0,
        origin: WriteOrigin? = nil
    ) throws(Refusal) -> StoredRow {
        guard let table = self[table: name] else { throw Refusal(404, "data/table-not-found", name) }
        var complete = fields
        for field in table.fields where complete[field.name] == nil { complete[field.name] = field.defaultValue }
        let stored = try Self.validated(complete, table)
        if let field = table.holdsDuplicate(of: stored, except: nil) {
            throw Refusal(409, "data/duplicate-value", "another record holds this \(field)")
        }
        let moment = time(now, node: node)
        var document: JSONObject = [
            "id": .string(makeID(at: moment, node: node)), "createdBy": .string(caller.user),
            "createdAt": .string(moment.description), "updatedAt": .string(moment.description),
        ]
        for (key, value) in stored { document[key] = value }
        let row = StoredRow(document)
        self[table: name]?.put(row)
        history.note(row, in: name, at: now)
        log.append(ServerWrite(origin: origin, table: name, id: row.id, kind: .create, user: caller.user))
        return row
    }

    /// Sets fields of a record. Without an effect `updatedAt` stays; with one it moves, and never back.
    ///
    /// - Parameter late: how long before the write its stamp was taken, in milliseconds; 0 as the protocol has it.
    @discardableResult
    mutating func change(
        _ name: String, _ row: StoredRow, _ fields: JSONObject, at now: Int64, late: Int64 = 0, node: Int = 0,
        origin: WriteOrigin? = nil, by caller: Caller
    ) throws(Refusal) -> StoredRow {
        guard let table = self[table: name] else { throw Refusal(404, "data/table-not-found", name) }
        var document = row.document
        for (key, value) in fields { document[key] = value }
        let ownFields = JSONObject(
            document.filter { !Self.systemFields.contains($0.key) }.map { ($0.key, $0.value) })
        for (key, value) in try Self.validated(ownFields, table) { document[key] = value }
        if let field = table.holdsDuplicate(of: document, except: row.id) {
            throw Refusal(409, "data/duplicate-value", "another record holds this \(field)")
        }
        log.append(
            ServerWrite(
                origin: origin, table: name, id: row.id, kind: .update, user: caller.user,
                isEffective: document != row.document))
        if document == row.document { return row }
        let previous = Timestamp(row.updatedAt)?.milliseconds ?? 0
        let moment = Timestamp(clamping: max(time(now - late, node: node).milliseconds, previous + 1))
        document["updatedAt"] = .string(moment.description)
        let changed = StoredRow(document)
        self[table: name]?.put(changed)
        history.note(changed, in: name, at: now)
        return changed
    }

    static let systemFields = ["id", "createdBy", "createdAt", "updatedAt"]

    private func target(
        _ table: ServerTable, _ id: String, _ operation: TableAccess.Operations, _ caller: Caller
    ) throws(Refusal) -> StoredRow {
        let scope = table.access.scope(operation, caller)
        if scope == .nothing { throw Refusal(403, "data/permission-denied", "not on \(table.name)") }
        guard let row = table.row(id) else { throw Refusal(404, "data/not-found", "there is no record \(id)") }
        if scope == .own && row.createdBy != caller.user {
            throw Refusal(403, "data/permission-denied", "the record is another's")
        }
        return row
    }

    /// The fields of a body; values for system fields are passed over, never stored.
    private static func fields(
        of body: [UInt8]?, _ table: ServerTable, _ caller: Caller
    ) throws(Refusal) -> JSONObject {
        let bytes = body ?? []
        if bytes.count > table.bodyLimit { throw Refusal(413, "common/payload-too-large", "\(bytes.count) bytes") }
        guard let json = try? JSON(parsing: bytes), case .object(let object) = json else {
            throw Refusal(400, "data/validation-error", "the body is no JSON object")
        }
        let fields = JSONObject(object.filter { !systemFields.contains($0.key) }.map { ($0.key, $0.value) })
        if !caller.isAdmin, let field = fields.keys.first(where: { table.access.readOnly.contains($0) }) {
            throw Refusal(403, "data/permission-denied", "\(field) may not be written")
        }
        return fields
    }

    /// Checks a whole document against the schema and brings dates to their stored form.
    private static func validated(_ document: JSONObject, _ table: ServerTable) throws(Refusal) -> JSONObject {
        var stored = document
        for field in table.fields {
            guard let value = document[field.name], !value.isNull else {
                if field.isRequired { throw Refusal(400, "data/validation-error", "\(field.name) is required") }
                continue
            }
            guard field.takes(value) else {
                throw Refusal(400, "data/validation-error", "\(field.name) must be a \(field.kind.rawValue)")
            }
            if field.kind == .date, let text = value.stringValue, let moment = Timestamp(text) {
                stored[field.name] = .string(moment.description)
            }
        }
        if !table.takesExtraFields {
            let known = table.fields.map(\.name)
            if let extra = document.keys.first(where: { !known.contains($0) }) {
                throw Refusal(400, "data/validation-error", "\(extra) is not in the schema")
            }
        }
        return stored
    }
}

extension ServerField {
    fileprivate func takes(_ value: JSON) -> Bool {
        switch (kind, value) {
        case (.string, .string(let text)): maximumLength.map { text.unicodeScalars.count <= $0 } ?? true
        case (.int, _): value.intValue != nil
        case (.double, .int), (.double, .double), (.bool, .bool), (.object, .object), (.array, .array): true
        case (.date, .string(let text)): Timestamp(text) != nil
        default: false
        }
    }
}
