import BkendWire

/// The errors of one status, with the codes that can stand in them (rest-api.md §10).
struct OpenAPIErrors: Hashable {
    let status: Int
    let description: String
    let codes: [ErrorCode]

    static let badRequest = OpenAPIErrors(
        status: 400, description: "The key is missing, or the path is too long or malformed.",
        codes: [.invalidHeader, .invalidParameters])
    static let badBody = OpenAPIErrors(
        status: 400, description: "The body is no JSON or breaks rules, which `details` lists; or the key is missing.",
        codes: [.validationError, .queryTimeout, .invalidHeader, .invalidParameters])
    static let badQuery = OpenAPIErrors(
        status: 400,
        description:
            "A parameter is not valid, the query takes too long, the page is too large, or the key is missing.",
        codes: [.validationError, .queryTimeout, .pageTooLarge, .invalidHeader, .invalidParameters])
    static let unauthorized = OpenAPIErrors(
        status: 401, description: "The key or the token is not valid, or the session has ended.",
        codes: [.invalidAPIKey, .invalidTokenFormat, .tokenExpired, .invalidToken, .sessionExpired])
    static let forbidden = OpenAPIErrors(
        status: 403, description: "The caller may not do this, or the token belongs to another environment.",
        codes: [.permissionDenied, .scopeInsufficient, .systemTableAccess, .projectAccessDenied])
    static let noTable = OpenAPIErrors(
        status: 404, description: "The table is no longer there.", codes: [.tableNotFound])
    static let notFound = OpenAPIErrors(
        status: 404, description: "There is no such record.", codes: [.notFound, .tableNotFound])
    static let duplicate = OpenAPIErrors(
        status: 409, description: "Another record holds this value of a unique field.", codes: [.duplicateValue])
    static let tooLarge = OpenAPIErrors(
        status: 413, description: "The body, or the record that it makes, is too large.", codes: [.payloadTooLarge])
    static let notJSON = OpenAPIErrors(
        status: 415, description: "The body is called something else than JSON.", codes: [.unsupportedMediaType])
    static let tooMany = OpenAPIErrors(
        status: 429, description: "Too many requests, or too many of this client that wait for their turn.",
        codes: [.rateLimitExceeded])
    static let failure = OpenAPIErrors(status: 500, description: "The server failed.", codes: [.internalError])
    static let busy = OpenAPIErrors(
        status: 503,
        description: "Too many requests wait, or too many large answers are on their way; nothing was changed.",
        codes: [.serviceUnavailable])
    static let storage = OpenAPIErrors(
        status: 507, description: "The server's disk is full; nothing was changed.", codes: [.insufficientStorage])

    /// The response; a query's limits are worth telling.
    func json(describing limits: ServerLimits?) -> JSONObject {
        let more = limits.map { " Queries run at most \($0.queryMilliseconds) ms." } ?? ""
        var headers = Self.headers.objectValue ?? [:]
        if status == 429 || status == 503 { headers["Retry-After"] = ["$ref": "#/components/headers/retryAfter"] }
        let code: JSON = ["type": "string", "enum": .array(codes.map { .string($0.rawValue) })]
        return [
            "description": .string(description + more), "headers": .object(headers),
            "content": [
                "application/json": [
                    "schema": [
                        "allOf": [
                            OpenAPIDocument.reference("Error"),
                            [
                                "type": "object",
                                "properties": [
                                    "statusCode": ["type": "integer", "enum": [.int(Int64(status))]], "code": code,
                                ],
                            ],
                        ]
                    ]
                ]
            ],
        ]
    }

    /// The headers that every answer has; those of the limit are left out where the server has none.
    static let headers: JSON = [
        "X-Request-Id": ["$ref": "#/components/headers/requestId"],
        "X-RateLimit-Limit": ["$ref": "#/components/headers/rateLimit"],
        "X-RateLimit-Remaining": ["$ref": "#/components/headers/rateLimitRemaining"],
    ]
}
