/// Where a list answer lies in the whole result (rest-api.md §4).
public struct Pagination: Hashable, Sendable {
    /// The number of records that match.
    public var total: Int
    /// The page's number, from 1.
    public var page: Int
    /// The most rows of a page.
    public var limit: Int
    /// The number of pages.
    public var totalPages: Int
    /// Whether records follow this page.
    public var hasNext: Bool
    /// Whether records precede this page.
    public var hasPrev: Bool

    /// The pagination of one part of a result.
    package init(total: Int, page: Query.Page) {
        let skipped = page.skipped
        let limit = max(1, page.limit)
        self.total = total
        self.limit = limit
        self.page = page.offset == nil ? max(1, page.number) : min(skipped / limit, .max - 1) + 1
        totalPages = total / limit + (total % limit > 0 ? 1 : 0)
        hasNext = total - min(skipped, total) > limit
        hasPrev = skipped > 0 && total > 0
    }

    /// The object of a list answer.
    package var json: JSONObject {
        [
            "total": .int(Int64(total)), "page": .int(Int64(page)), "limit": .int(Int64(limit)),
            "totalPages": .int(Int64(totalPages)), "hasNext": .bool(hasNext), "hasPrev": .bool(hasPrev),
        ]
    }

    /// Reads a list answer's object; members that a server leaves out are derived.
    package init?(_ json: JSON?) {
        guard let json, let total = json["total"]?.intValue.flatMap(Int.init(exactly:)), total >= 0 else { return nil }
        func number(_ key: String) -> Int? { json[key]?.intValue.flatMap(Int.init(exactly:)) }
        let limit = max(1, number("limit") ?? Query.Page.defaultLimit)
        self.init(total: total, page: Query.Page(max(1, number("page") ?? 1), limit: limit))
        if let pages = number("totalPages") { totalPages = pages }
        if let next = json["hasNext"]?.boolValue ?? json["hasNextPage"]?.boolValue { hasNext = next }
        if let previous = json["hasPrev"]?.boolValue ?? json["hasPrevPage"]?.boolValue { hasPrev = previous }
    }
}

/// A list answer: records as the server gave them, and where they lie in the result.
package struct RecordPage: Hashable, Sendable {
    /// The records, in order.
    package var items: [JSONObject]
    /// Where they lie.
    package var pagination: Pagination

    /// A page.
    package init(items: [JSONObject], pagination: Pagination) {
        self.items = items
        self.pagination = pagination
    }

    /// Reads a list answer, bare or wrapped; nil when the JSON is none.
    package init?(_ json: JSON) {
        let body = Answer.payload(of: json)
        guard let values = body["items"]?.arrayValue, let pagination = Pagination(body["pagination"]) else {
            return nil
        }
        let items = values.compactMap(\.objectValue)
        guard items.count == values.count else { return nil }
        self.init(items: items, pagination: pagination)
    }
}

/// The two shapes of a successful body: bare (the default), or wrapped in `{"success":true,"data":…}` (rest-api.md §2).
package enum Answer {
    /// The payload of either shape. A bare record is never mistaken for a wrapper: it carries an `id`.
    package static func payload(of json: JSON) -> JSON {
        guard case .object(let object) = json, object["success"] == .bool(true), object["id"] == nil,
            let data = object["data"]
        else { return json }
        return data
    }

    /// The wrapped shape.
    package static func wrapped(_ payload: JSON) -> JSON { ["success": true, "data": payload] }
}
