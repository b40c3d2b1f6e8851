import BkendDocuments
import BkendSync
import BkendWire
import GRDB

/// A few lines of a bkend server: tables without rules but unique fields, over the document store's own queries.
final class ScriptedServer {
    private let queue: DatabaseQueue
    private var ids = 0
    /// The server's clock; each write moves it by a millisecond.
    var now = Timestamp("2030-01-01T00:00:00.000Z") ?? Timestamp(clamping: 0)
    /// Unique fields by table.
    var unique: [String: [String]] = [:]
    /// The spec that tables answer with.
    var spec: JSONObject = ["tableName": "notes", "schema": ["bsonType": "object", "properties": [:]], "indexes": []]
    /// What a caller's list is narrowed to.
    var rowFilter = Filter.all
    /// The most bytes of a page of several rows; past it `data/page-too-large`.
    var pageBytes = Int.max
    /// Whether that answer says how many rows fit.
    var namesLimit = true
    /// Lists that were answered so.
    private(set) var refusedPages: [SyncRequest.Operation] = []
    /// The operations served, in order.
    private(set) var served: [SyncRequest] = []

    init() throws { queue = try DocumentStorage.inMemory() }

    func answer(_ request: SyncRequest) throws -> SyncAnswer {
        served.append(request)
        now = Timestamp(clamping: now.milliseconds + 1)
        let fields = try request.body.map { try JSON(parsing: $0).objectValue ?? [:] } ?? [:]
        switch request.operation {
        case .list(let table, let items): return try list(table, items)
        case .record(let table, let id): return try row(table, id).map { ok($0) } ?? failure(.notFound)
        case .create(let table):
            if let field = try duplicate(fields, in: table, except: nil) { return duplicateValue(field) }
            return ok(.object(try insert(fields, in: table, by: request.user)), status: 201)
        case .update(let table, let id):
            if let field = try duplicate(fields, in: table, except: id) { return duplicateValue(field) }
            return try update(table, id, fields).map { ok(.object($0)) } ?? failure(.notFound)
        case .delete(let table, let id):
            return try delete(table, id) ? ok(["success": true]) : failure(.notFound)
        case .spec: return ok(.object(spec))
        case .me: return ok(["id": .string(request.user)])
        // It keeps no files.
        case .presign, .put, .register, .file, .files, .deleteFile, .fileAddress, .get, .multipart:
            return failure(.routeNotFound)
        }
    }

    // MARK: What others do

    @discardableResult
    func insert(_ fields: JSONObject, in table: String = "notes", by user: String = "other") throws -> JSONObject {
        ids += 1
        let seconds = String(now.milliseconds / 1_000, radix: 16)
        let count = String(ids, radix: 16)
        var row: JSONObject = ["id": .string(seconds + String(repeating: "0", count: 16 - count.count) + count)]
        for (key, value) in fields { row[key] = value }
        row["createdBy"] = .string(user)
        row["createdAt"] = .string(now.description)
        row["updatedAt"] = .string(now.description)
        try write(row, in: table)
        return row
    }

    /// Puts a row as it is, stamps and all.
    func write(_ row: JSONObject, in table: String = "notes") throws {
        try queue.write { db in
            let collection = try Collection.named(table, in: db) ?? Collection.create(table, in: db)
            if try !collection.replace(row, in: db) { try collection.insert(row, in: db) }
        }
    }

    @discardableResult
    func update(_ table: String = "notes", _ id: String, _ fields: JSONObject) throws -> JSONObject? {
        guard case .object(var row)? = try self.row(table, id) else { return nil }
        for (key, value) in fields where !SystemField.contains(key) { row[key] = value }
        row["updatedAt"] = .string(now.description)
        try write(row, in: table)
        return row
    }

    @discardableResult
    func delete(_ table: String = "notes", _ id: String) throws -> Bool {
        try queue.write { db in try Collection.named(table, in: db)?.delete(id: id, in: db) ?? false }
    }

    func row(_ table: String = "notes", _ id: String) throws -> JSON? {
        try queue.read { db in
            try Collection.named(table, in: db)?.document(id: id, in: db).map { try JSON(parsing: $0.bytes) }
        }
    }

    /// Every row, ascending by id.
    func rows(_ table: String = "notes") throws -> [JSONObject] {
        try queue.read { db in
            let query = Query(sort: [.init("id")], page: .init(limit: 100_000))
            return try Collection.named(table, in: db)?.find(query, in: db).map {
                try JSON(parsing: $0.bytes).objectValue ?? [:]
            } ?? []
        }
    }

    // MARK: Answers

    func ok(_ json: JSON, status: Int = 200) -> SyncAnswer {
        SyncAnswer(status: status, date: now, body: json.serialized())
    }

    func failure(_ code: ErrorCode, details: [ErrorBody.Detail] = []) -> SyncAnswer {
        let error = ErrorBody(code, "no", details: details)
        return SyncAnswer(status: error.status, date: now, body: error.json.serialized())
    }

    private func duplicateValue(_ field: String) -> SyncAnswer {
        failure(.duplicateValue, details: [.init(field: field, rule: "unique", message: "taken")])
    }

    private func list(_ table: String, _ items: [QueryItem]) throws -> SyncAnswer {
        var query = try Query(queryItems: items)
        query.filter = .allOf([query.filter, rowFilter])
        var (bytes, fitting) = (0, 0)
        let (texts, total) = try queue.read { db -> ([JSON], Int) in
            var texts: [JSON] = []
            let total = try Collection.named(table, in: db)?.page(query, in: db) { text in
                texts.append(try JSON(parsing: text))
                bytes += text.count
                if bytes <= pageBytes { fitting = texts.count }
            }
            return (texts, total ?? 0)
        }
        if texts.count > max(1, fitting) {
            refusedPages.append(.list(table: table, items))
            var error = ErrorBody(.pageTooLarge, "no")
            if namesLimit { error.largestLimit = max(1, fitting) }
            return SyncAnswer(status: error.status, date: now, body: error.json.serialized())
        }
        let page = Pagination(total: total, page: query.page)
        return ok(["items": .array(texts), "pagination": .object(page.json)])
    }

    private func duplicate(_ fields: JSONObject, in table: String, except id: String?) throws -> String? {
        guard let fieldsToCheck = unique[table] else { return nil }
        let rows = try rows(table)
        return fieldsToCheck.first { field in
            guard let value = fields[field] else { return false }
            return rows.contains { $0[field] == value && $0["id"]?.stringValue != id }
        }
    }
}
