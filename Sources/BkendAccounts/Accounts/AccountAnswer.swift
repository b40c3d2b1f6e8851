import BkendWire

/// What a route answers: a status and a body.
package struct AccountAnswer: Hashable, Sendable {
    /// The HTTP status.
    package let status: Int
    /// The body.
    package let body: JSONObject

    init(_ body: JSONObject, status: Int = 200) {
        self.status = status
        self.body = body
    }

    init(message: String) { self.init(["message": .string(message)]) }

    static func list(_ items: [JSONObject], _ pagination: Pagination) -> AccountAnswer {
        AccountAnswer(["items": .array(items.map(JSON.object)), "pagination": .object(pagination.json)])
    }

    static let deleted = AccountAnswer(["success": true])
}
