import BkendWire

/// What a client asks of the change feed: `{"subscriptions":[…]}`.
struct FeedRequest: Sendable {
    /// The most subscriptions of one request.
    static let most = 64
    /// The most records of one subscription in one answer.
    static let largestLimit = 1_000

    /// The most patterns (`$regex`) of all subscriptions together.
    static let mostPatterns = 64

    /// A table, or a part of it.
    struct Subscription: Sendable {
        /// The client's name for it.
        var name: String
        var table: String
        /// `andFilters` and `orFilters`, as a list has them.
        var filters: [QueryItem]
        /// Where the client is; nil for a client that has yet to begin.
        var since: String?
        /// How many records at most, removed ones included.
        var limit: Int
        /// The position up to which this server knows that nothing is left to be told, where it is past the cursor's: no
        /// client can say so.
        var reached: Int64?
    }

    let subscriptions: [Subscription]

    init(subscriptions: [Subscription]) { self.subscriptions = subscriptions }

    /// About how many bytes its filters have.
    var bytes: Int { subscriptions.reduce(0) { $0 + $1.filters.reduce(0) { $0 + $1.value.utf8.count } } }

    /// Reads a body.
    ///
    /// - Throws: `ErrorBody` with 400 that names the place.
    init(_ body: JSON) throws(ErrorBody) {
        guard let object = body.objectValue else { throw Self.wrong("body", "must be a JSON object") }
        try Self.check(object, ["subscriptions"], at: "")
        guard let all = object["subscriptions"]?.arrayValue, !all.isEmpty else {
            throw Self.wrong("subscriptions", "must be an array with at least one subscription")
        }
        guard all.count <= Self.most else {
            throw Self.wrong("subscriptions", "may have \(Self.most) subscriptions at most, not \(all.count)")
        }
        var found: [Subscription] = []
        for (index, json) in all.enumerated() {
            found.append(try Self.subscription(json, at: "subscriptions[\(index)]"))
        }
        guard Set(found.map { ExactString($0.name) }).count == found.count else {
            throw Self.wrong("subscriptions", "must have a name of its own each")
        }
        subscriptions = found
    }

    private static func subscription(_ json: JSON, at place: String) throws(ErrorBody) -> Subscription {
        guard let object = json.objectValue else { throw wrong(place, "must be a JSON object") }
        try check(object, ["name", "table", "andFilters", "orFilters", "since", "limit"], at: place + ".")
        guard let name = object["name"]?.stringValue, (1...64).contains(name.utf8.count) else {
            throw wrong("\(place).name", "must be a string of 1 to 64 bytes")
        }
        guard let table = object["table"]?.stringValue, (1...256).contains(table.utf8.count) else {
            throw wrong("\(place).table", "must be the name of a table")
        }
        var filters: [QueryItem] = []
        for member in ["andFilters", "orFilters"] {
            guard let value = object[member], !value.isNull else { continue }
            guard value.objectValue != nil || value.arrayValue != nil else {
                throw wrong("\(place).\(member)", "must be JSON as in a list, not \(value.typeName)")
            }
            filters.append(QueryItem(member, "\(value)"))
        }
        var since: String?
        if let value = object["since"], !value.isNull {
            guard let text = value.stringValue, text.utf8.count <= 256 else {
                throw wrong("\(place).since", "must be a cursor of an earlier answer")
            }
            since = text
        }
        var limit = 100
        if let value = object["limit"], !value.isNull {
            guard let number = value.intValue, (1...Int64(largestLimit)).contains(number) else {
                throw wrong("\(place).limit", "must be a whole number from 1 to \(largestLimit)")
            }
            limit = Int(number)
        }
        return Subscription(name: name, table: table, filters: filters, since: since, limit: limit)
    }

    private static func check(_ object: JSONObject, _ known: [String], at place: String) throws(ErrorBody) {
        for (name, _) in object where !known.contains(where: { $0.hasSameBytes(as: name) }) {
            throw wrong(place + name, "isn't known here; there are \(known.joined(separator: ", "))")
        }
    }

    private static func wrong(_ field: String, _ text: String) -> ErrorBody {
        ErrorBody(
            .validationError, "\(field) \(text)",
            details: [.init(field: field, rule: "form", message: "\(field) \(text)")])
    }
}
