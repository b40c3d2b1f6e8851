import BkendWire

/// The number of a request of one engine, ascending in the order the engine made them.
package struct RequestID: Hashable, Comparable, Sendable, CustomStringConvertible {
    /// The number.
    package let number: Int

    /// A number.
    package init(number: Int) { self.number = number }

    package static func < (a: RequestID, b: RequestID) -> Bool { a.number < b.number }

    package var description: String { "#\(number)" }
}

/// One request to the server, without address, key and token: those are stamped when it is sent.
package struct SyncRequest: Hashable, Sendable {
    /// What is asked (rest-api.md §2, §8).
    package enum Operation: Hashable, Sendable {
        /// `GET /v1/data/:table?…`
        case list(table: String, [QueryItem])
        /// `GET /v1/data/:table/:id`
        case record(table: String, id: String)
        /// `POST /v1/data/:table`. Never sent a second time by anything below the engine.
        case create(table: String)
        /// `PATCH /v1/data/:table/:id`
        case update(table: String, id: String)
        /// `DELETE /v1/data/:table/:id`
        case delete(table: String, id: String)
        /// `GET /v1/data/:table/spec`
        case spec(table: String)
        /// `GET /v1/auth/me`
        case me
    }

    /// What is asked.
    package var operation: Operation
    /// The exact bytes of the body; for a write the same as marked in flight in the store.
    package var body: [UInt8]?
    /// As whom it must be sent, `""` for a guest. The performer refuses where the session's user is another.
    package var user: String
    /// How long everything may take, from the first byte sent to the last received.
    package var deadline: Duration
    /// The outbox entries that it serves; empty for what a pull reads.
    package var entries: [Int64]

    /// A request.
    package init(
        _ operation: Operation, body: [UInt8]? = nil, user: String, deadline: Duration, entries: [Int64] = []
    ) {
        self.operation = operation
        self.body = body
        self.user = user
        self.deadline = deadline
        self.entries = entries
    }
}

extension SyncRequest.Operation {
    /// The table it is about, nil for `me`.
    package var table: String? {
        switch self {
        case .list(let table, _), .record(let table, _), .create(let table), .update(let table, _),
            .delete(let table, _), .spec(let table):
            table
        case .me: nil
        }
    }

    /// Whether the server changes something when it acts.
    package var isWrite: Bool {
        switch self {
        case .create, .update, .delete: true
        case .list, .record, .spec, .me: false
        }
    }

    /// Its name in logs, metrics and spans.
    package var name: String {
        switch self {
        case .list: "list"
        case .record: "record"
        case .create: "create"
        case .update: "update"
        case .delete: "delete"
        case .spec: "spec"
        case .me: "me"
        }
    }
}

extension SyncRequest.Operation {
    /// The most rows that a list asks for, nil for anything else.
    var limit: Int? {
        guard case .list(_, let items) = self else { return nil }
        return items.first { $0.name.hasSameBytes(as: "limit") }.flatMap { Int($0.value) }
    }
}
