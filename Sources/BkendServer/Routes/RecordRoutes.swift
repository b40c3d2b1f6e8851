import BkendAccounts
import BkendDocuments
import BkendStorage
import BkendWire

/// The record operations of one request: reads what the request says, and leaves the rest to `RecordOperations`.
struct RecordRoutes: Sendable {
    let store: EnvironmentStore
    let caller: Caller
    /// What answers are counted for.
    let answers: AnswerAccount
    let limits: ServerLimits
    let isDynamic: Bool
    /// Tells how lists are found, nil when nobody asked.
    var explanation: QueryExplanation?

    func get(_ id: String, in table: String) async throws -> RouteAnswer {
        let caller = caller
        let text = try await store.lookUp(limit: queryLimit) { session, attempt in
            try RecordOperations(try session.existingTable(table), caller: caller).get(id, attempt, in: session)
        }
        return RouteAnswer(body: try AnswerBody(text, on: answers))
    }

    func list(_ table: String, query: Substring) async throws -> RouteAnswer {
        let items = try QueryItem.decode(query)
        let (caller, limits, answers) = (caller, limits, answers)
        let explaining = explanation != nil
        let start = ContinuousClock.now
        let (body, plan) = try await store.query(limit: queryLimit) { session, attempt in
            try attempt.expect(.query(bytes: query.utf8.count))
            return try RecordOperations(try session.existingTable(table), caller: caller)
                .list(
                    items, into: AnswerBody(on: answers), atMost: limits.largestPage, attempt,
                    explaining: explaining, in: session)
        }
        var answer = RouteAnswer(body: body)
        if let explanation, let plan {
            explanation.explain(plan, of: table, to: caller, took: start.duration(to: .now), in: &answer)
        }
        return answer
    }

    func create(in table: String, _ body: BodyReader.Body) async throws -> RouteAnswer {
        let (caller, answers, limits) = (caller, answers, limits)
        let mostTables = isDynamic ? limits.dynamicTables : nil
        let checked = try await ahead(of: body) { session, patterns, _ in
            let json = try body.json()
            let records = try Self.records(of: json, atMost: limits.recordsPerCreate)
            let found = try session.table(table)
            if found == nil {
                guard let mostTables else { throw ErrorBody.tableNotFound(table) }
                try DynamicTable.checkRoom(for: table, atMost: mostTables, in: session)
            }
            return try CheckedRecords(
                records, isArray: json.arrayValue != nil, for: found?.definition ?? DynamicTable.definition(table),
                version: found?.version, caller: caller, patterns: patterns)
        }
        let (out, written) = try await store.write(locking: [], check: StorageCheck(caller)) { session in
            let found = try session.table(table)
            guard found != nil || mostTables != nil else { throw ErrorBody.tableNotFound(table) }
            let made = try found ?? DynamicTable.create(table, atMost: mostTables ?? 0, in: session)
            // The answer is made here: where there is no room for it, nothing is stored.
            var out = AnswerBody(on: answers)
            if checked.isArray { try out.write(#"{"items":["#) }
            try RecordOperations(made, caller: caller).create(
                checked, limits: limits, into: &out, in: session)
            if checked.isArray { try out.write("]}") }
            return (out, session.written)
        }
        return RouteAnswer(.created, body: out).at(written)
    }

    func update(_ id: String, in table: String, _ body: BodyReader.Body) async throws -> RouteAnswer {
        let (caller, answers, limits) = (caller, answers, limits)
        var known: JSONObject?
        for _ in 0..<Self.attempts {
            let (fields, change, same) = try await ahead(of: body) { [known] session, patterns, attempt in
                let fields = try known ?? Self.fields(of: try body.json())
                let operations = RecordOperations(try session.existingTable(table), caller: caller)
                let change = try operations.change(of: id, set: fields, patterns: patterns, attempt, in: session)
                return (fields, change, change.fields.isEmpty ? try operations.visible(change) : nil)
            }
            known = fields
            if let same { return RouteAnswer(body: try AnswerBody(same, on: answers)) }
            let lock = StorageLock.document(table: table, id: id)
            let (out, written) = try await store.write(locking: [lock], check: StorageCheck(caller)) { session in
                let text = try RecordOperations(try session.existingTable(table), caller: caller)
                    .update(id, by: change, set: fields, limits: limits, in: session)
                // Where there is no room for the answer, nothing is changed.
                return (try text.map { try AnswerBody($0, on: answers) }, session.written)
            }
            if let out { return RouteAnswer(body: out).at(written) }
        }
        throw ErrorBody(
            .queryTimeout,
            "the record changed again and again while the patterns of its fields were tried; nothing was changed")
    }

    /// How often a change whose patterns take long is worked out while others change the record.
    private static let attempts = 5

    func delete(_ id: String, in table: String) async throws -> RouteAnswer {
        let caller = caller
        try await store.lookUp(limit: queryLimit) { session, attempt in
            try RecordOperations(try session.existingTable(table), caller: caller)
                .checkDelete(of: id, attempt, in: session)
        }
        let lock = StorageLock.document(table: table, id: id)
        let written = try await store.write(locking: [lock], check: StorageCheck(caller)) { session in
            try RecordOperations(try session.existingTable(table), caller: caller).delete(id, in: session)
            return session.written
        }
        return RouteAnswer(.ok, ["success": true]).at(written)
    }

    /// Works out what a write will do, before it asks for its turn: what is refused takes none, and no other write
    /// waits for what a hostile body costs.
    private func ahead<Result: Sendable>(
        of body: BodyReader.Body,
        _ work: @escaping @Sendable (any StorageSession, RequestPatterns, ReadAttempt) throws -> Result
    ) async throws -> Result {
        // No query: what it may cost is bounded by the body's size and the patterns' own limit.
        try await store.lookUp(limit: .seconds(limits.requestSeconds)) { session, attempt in
            try attempt.expect(.body(bytes: body.count))
            let patterns = attempt.patterns()
            let result = Swift.Result { try work(session, patterns, attempt) }
            // A text that wasn't reached in time may match or not.
            if patterns.ranOut {
                try attempt.expect(.patterns)
                throw ErrorBody(
                    .queryTimeout, "the patterns of the record's fields took too long; nothing was changed, try again")
            }
            return try result.get()
        }
    }

    var queryLimit: Duration { .milliseconds(limits.queryMilliseconds) }

    func spec(of table: String) async throws -> RouteAnswer {
        let table = try await store.lookUp(limit: queryLimit) { session, _ in try session.existingTable(table) }
        return RouteAnswer(.ok, try TableSpec.json(of: table, caller: caller))
    }

    /// The table's OpenAPI document, for those who may see its spec. Never wrapped: tools read it as it is.
    func openAPI(of table: String, isWrapped: Bool) async throws -> RouteAnswer {
        let table = try await store.lookUp(limit: queryLimit) { session, _ in try session.existingTable(table) }
        try TableSpec.check(table, caller: caller)
        return RouteAnswer(.ok, OpenAPIDocument(table: table, limits: limits, isWrapped: isWrapped).json)
    }

    private static func fields(of body: JSON) throws(ErrorBody) -> JSONObject {
        guard let fields = body.objectValue else { throw notAnObject(body, field: "body") }
        return fields
    }

    private static func records(of body: JSON, atMost most: Int) throws(ErrorBody) -> [JSONObject] {
        guard case .array(let values) = body else { return [try fields(of: body)] }
        guard values.count <= most else {
            throw ErrorBody(.validationError, "body: one request creates at most \(most) records")
        }
        var records: [JSONObject] = []
        for (index, value) in values.enumerated() {
            guard let object = value.objectValue else { throw notAnObject(value, field: "[\(index)]") }
            records.append(object)
        }
        return records
    }

    private static func notAnObject(_ value: JSON, field: String) -> ErrorBody {
        let message = "\(field) must be a JSON object with the record's fields, not \(value.typeName)"
        return ErrorBody(.validationError, message, details: [.init(field: field, rule: "type", message: message)])
    }
}

extension RecordRoutes {
    /// The operations of a call's records.
    ///
    /// - Parameter caller: who asks now, where a body has come since; nil for the caller of the head.
    init(_ call: RouteCall, by caller: Caller? = nil) {
        let configuration = call.services.configuration
        self.init(
            store: call.environment.store, caller: caller ?? call.caller,
            answers: call.services.account(of: call.client), limits: configuration.limits,
            isDynamic: configuration.isDynamic,
            explanation: configuration.explainsQueries ? QueryExplanation(logger: configuration.logger) : nil)
    }
}
