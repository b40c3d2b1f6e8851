import BkendWire

/// The OpenAPI 3.0.0 document of one table's five operations (rest-api.md §2), from its current schema. It says what
/// this server does: its limits, its errors, what it ignores.
struct OpenAPIDocument {
    let table: Table
    let limits: ServerLimits
    /// Whether the project's answers are wrapped.
    let isWrapped: Bool

    var definition: TableDefinition { table.definition }

    /// The document.
    var json: JSONObject {
        [
            "openapi": "3.0.0",
            "info": [
                "title": .string(table.name), "version": .string("\(table.version)"),
                "description": .string(Self.about),
            ],
            "servers": [["url": "/"]],
            "tags": [["name": .string(table.name)]],
            "security": [["apiKey": []], ["apiKey": [], "accessToken": []]],
            "paths": .object([
                "/v1/data/\(table.name)": ["get": .object(list), "post": .object(create)],
                "/v1/data/\(table.name)/{id}": [
                    "parameters": [["$ref": "#/components/parameters/id"]],
                    "get": .object(read), "patch": .object(update), "delete": .object(delete),
                ],
            ]),
            "components": [
                "securitySchemes": Self.securitySchemes, "parameters": parameters, "headers": Self.headers,
                "schemas": .object(schemas),
            ],
        ]
    }

    private static let about = """
        Records as this server takes and answers them. Requests that it has not read to their end, because a header is \
        malformed or the connection too slow, are closed. Records that were stored before the schema had its present \
        form keep theirs.
        """

    private static let securitySchemes: JSON = [
        "apiKey": [
            "type": "apiKey", "in": "header", "name": "X-API-Key",
            "description": "A publishable key (pk_) or a secret one (sk_), which makes an administrator.",
        ],
        "accessToken": [
            "type": "http", "scheme": "bearer", "bearerFormat": "JWT",
            "description": "The access token of a signed-in user, beside a publishable key.",
        ],
    ]

    private static let headers: JSON = [
        "requestId": [
            "description": "The id by which the server's log knows the request; the client's own when it sent one.",
            "schema": ["type": "string", "pattern": "^[A-Za-z0-9._:-]{1,128}$"],
        ],
        "rateLimit": [
            "description": "How many requests the key may send from this client at once.",
            "schema": ["type": "integer", "minimum": 1],
        ],
        "rateLimitRemaining": [
            "description": "How many of them are left.", "schema": ["type": "integer", "minimum": 0],
        ],
        "retryAfter": [
            "description": "Seconds to wait.", "schema": ["type": "integer", "minimum": 1],
        ],
    ]
}
