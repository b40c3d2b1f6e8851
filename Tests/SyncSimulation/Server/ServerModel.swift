import BkendSync
import BkendWire

/// A model of a bkend server, from rest-api.md alone: nothing of it comes from `BkendServer`. Its time is the
/// simulation's, moved by the skew of the node that answers.
package struct ServerModel: Sendable {
    /// 2026-01-01T00:00:00Z: the simulation's beginning.
    package static let origin: Int64 = 1_767_225_600_000

    /// The tables, in the order made.
    package var tables: [ServerTable] = []
    /// The skews of the nodes that answer, in milliseconds. More than one: a load balancer.
    package var skews: [Int64] = [0]
    /// The users' ids.
    package var users: [String] = []
    /// Sessions and tokens.
    package var sessions = ServerSessions()
    /// Whether the API key is refused.
    package var refusesKey = false
    /// Tables whose scope the key has lost.
    package var refusedScopes: [String] = []
    /// Keys, bytes and records of files.
    package var files = ServerFiles()
    /// Every version of every record that ever was, for the checker.
    package internal(set) var history = ServerHistory()
    /// The writes since they were last taken, for the checker.
    package var log: [ServerWrite] = []

    /// Until when lists of a table are answered as if it were empty: a node that has lost its data, say.
    package var emptyUntil: [String: Int64] = [:]

    private var idCounter: UInt64 = 0

    /// An empty server.
    package init() {}

    /// The table of that name.
    package subscript(table name: String) -> ServerTable? {
        get { tables.first { $0.name == name } }
        set {
            let index = tables.firstIndex { $0.name == name }
            switch (index, newValue) {
            case (let index?, let table?): tables[index] = table
            case (let index?, nil): tables.remove(at: index)
            case (nil, let table?): tables.append(table)
            case (nil, nil): break
            }
        }
    }

    /// A node's time.
    package func time(_ now: Int64, node: Int) -> Timestamp {
        Timestamp(clamping: Self.origin + now + skews[node % skews.count])
    }

    /// A new id in MongoDB's layout: seconds, node, counter.
    mutating func makeID(at moment: Timestamp, node: Int) -> String {
        idCounter += 1
        func hex(_ value: UInt64, _ width: Int) -> String {
            let digits = String(value, radix: 16)
            return String(repeating: "0", count: max(0, width - digits.count)) + digits.suffix(width)
        }
        return hex(UInt64(moment.milliseconds / 1_000), 8) + hex(UInt64(node) + 0xA0, 10) + hex(idCounter, 6)
    }

    /// Acts on a request and answers it, at its arrival.
    package mutating func answer(_ call: ServerCall, at now: Int64, node: Int = 0) -> SyncAnswer {
        var answer: SyncAnswer
        if case .put(let put) = call.operation {
            answer = self.put(put, areDamaged: call.isDamaged, began: call.began ?? now, node: node)
        } else {
            answer = reply(to: call, at: now, node: node)
        }
        let date = time(now, node: node).milliseconds
        answer.date = Timestamp(clamping: date - date % 1_000)
        return answer
    }

    private mutating func reply(to call: ServerCall, at now: Int64, node: Int) -> SyncAnswer {
        if refusesKey { return .error(401, "auth/invalid-api-key", "the key is revoked") }
        var caller = Caller(user: "")
        if let token = call.token {
            switch sessions.user(of: token, at: now) {
            case .success(let user): caller.user = user
            case .failure(let refusal): return .error(401, refusal.code, "the access token isn't accepted")
            }
        }
        if let reply = filesReply(to: call, caller, at: now, node: node) { return reply }
        guard let name = call.operation.table else { return me(caller) }
        if refusedScopes.contains(name) { return .error(403, "data/scope-insufficient", "the key may not \(name)") }
        guard let table = self[table: name] else {
            return .error(404, "data/table-not-found", "there is no table \(name)")
        }
        switch call.operation {
        case .list(_, let items):
            guard now < emptyUntil[name] ?? 0 else { return list(table, items, caller) }
            var empty = table
            empty.replaceRows([])
            return list(empty, items, caller)
        case .record(_, let id): return record(table, id, caller)
        case .create: return create(table, call, caller, at: now, node: node)
        case .update(_, let id): return update(table, id, call, caller, at: now, node: node)
        case .delete(_, let id): return delete(table, id, call, caller, at: now)
        case .spec: return spec(table, caller)
        case .me, .presign, .put, .register, .file, .files, .deleteFile, .fileAddress, .get, .multipart:
            return me(caller)
        }
    }

    private func me(_ caller: Caller) -> SyncAnswer {
        if caller.isGuest { return .error(401, "common/authentication-required", "sign in first") }
        let user: JSONObject = [
            "id": .string(caller.user), "role": "user", "name": "", "email": .string("\(caller.user)@example.com"),
            "createdAt": "2026-01-01T00:00:00.000Z", "updatedAt": "2026-01-01T00:00:00.000Z",
        ]
        return .json(200, user)
    }

    private func spec(_ table: ServerTable, _ caller: Caller) -> SyncAnswer {
        guard caller.isAdmin || !caller.isGuest && table.access.scope(.read, caller) != .nothing else {
            return .error(403, "data/permission-denied", "the schema is for callers who may read")
        }
        var properties = JSONObject()
        for field in table.fields {
            var property: JSONObject = ["bsonType": .string(field.kind.rawValue)]
            if let value = field.defaultValue { property["default"] = value }
            if let length = field.maximumLength { property["maxLength"] = .int(Int64(length)) }
            if table.uniques.contains(field.name) { property["unique"] = true }
            properties[field.name] = .object(property)
        }
        let required = table.fields.filter(\.isRequired).map { JSON.string($0.name) }
        var indexes: [JSON] = ["id", "createdAt", "updatedAt", "createdBy"].map { name in
            ["name": .string("_\(name)_"), "key": .object([name: 1]), "unique": .bool(name == "id"), "sparse": false]
        }
        for field in table.uniques {
            indexes.append(
                ["name": .string("\(field)_1"), "key": .object([field: 1]), "unique": true, "sparse": true])
        }
        return .json(
            200,
            [
                "tableName": .string(table.name),
                "schema": [
                    "bsonType": "object", "required": .array(required), "properties": .object(properties),
                    "additionalProperties": .bool(table.takesExtraFields),
                ],
                "indexes": .array(indexes), "permissions": [:],
                "additionalProperties": .bool(table.takesExtraFields),
            ])
    }
}

/// A request as it arrives.
package struct ServerCall: Sendable {
    /// What is asked.
    package var operation: SyncRequest.Operation
    /// The body.
    package var body: [UInt8]?
    /// The access token, nil for a guest's.
    package var token: String?
    /// Which entries of which device it carries, for the checker.
    package var origin: WriteOrigin?
    /// When bytes began to come; nil for the moment at which they are there.
    package var began: Int64?
    /// Whether other bytes come than were sent.
    package var isDamaged = false

    /// A request.
    package init(
        _ operation: SyncRequest.Operation, body: [UInt8]? = nil, token: String? = nil, origin: WriteOrigin? = nil
    ) {
        self.operation = operation
        self.body = body
        self.token = token
        self.origin = origin
    }
}

/// Where a write comes from.
package struct WriteOrigin: Hashable, Sendable {
    /// The device's number.
    package var device: Int
    /// The outbox entries.
    package var entries: [Int64]
    /// When they left the device.
    package var sentAt: Int64
    /// Whether the network made this copy: a delayed duplicate.
    package var isCopy = false
}

/// A write that the server did.
package struct ServerWrite: Sendable {
    package let origin: WriteOrigin?
    package let table: String
    package let id: String
    package let kind: OutboxEntry.Kind
    package let user: String
    /// Whether anything is another than before.
    package var isEffective = true
}

extension SyncAnswer {
    static func json(_ status: Int, _ body: JSONObject) -> SyncAnswer {
        SyncAnswer(status: status, body: body.serialized())
    }

    /// An error in the shape of rest-api.md §2.
    static func error(_ status: Int, _ code: String, _ message: String) -> SyncAnswer {
        json(
            status,
            [
                "success": false, "statusCode": .int(Int64(status)), "code": .string(code),
                "error": ["code": .string(code), "message": .string(message)],
                "message": .string("\(code): \(message)"),
            ])
    }
}
