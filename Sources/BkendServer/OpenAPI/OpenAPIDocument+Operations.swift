import BkendWire

extension OpenAPIDocument {
    var list: JSONObject {
        [
            "operationId": "list", "tags": [.string(table.name)],
            "summary": .string("List records of \(table.name)."),
            "parameters": .array(
                Self.listParameters.map { ["$ref": .string("#/components/parameters/\($0)")] } + Self.common),
            "responses": .object(
                responses(
                    "200", "A page of the records that the caller may see.", "Page",
                    errors: [.badQuery, .unauthorized, .forbidden, .noTable])),
        ]
    }

    var create: JSONObject {
        [
            "operationId": "create", "tags": [.string(table.name)],
            "summary": "Create a record, or several: all or none.",
            "parameters": .array(Self.common),
            "requestBody": body(
                [
                    "anyOf": [
                        Self.reference("New"),
                        [
                            "type": "array", "items": Self.reference("New"),
                            "maxItems": .int(Int64(limits.recordsPerCreate)),
                        ],
                    ]
                ]),
            "responses": .object(
                responses(
                    "201", "The record, or the records in the order of the array.", "Created",
                    errors: [.badBody, .unauthorized, .forbidden, .noTable, .duplicate] + Self.bodyErrors)),
        ]
    }

    var read: JSONObject {
        [
            "operationId": "read", "tags": [.string(table.name)], "summary": "Get a record.",
            "parameters": .array(Self.common),
            "responses": .object(
                responses("200", "The record.", "Record", errors: [.badRequest, .unauthorized, .forbidden, .notFound])),
        ]
    }

    var update: JSONObject {
        [
            "operationId": "update", "tags": [.string(table.name)],
            "summary": "Set fields of a record and keep the others; null is stored as null.",
            "parameters": .array(Self.common),
            "requestBody": body(Self.reference("Changes")),
            "responses": .object(
                responses(
                    "200", "The whole record.", "Record",
                    errors: [.badBody, .unauthorized, .forbidden, .notFound, .duplicate] + Self.bodyErrors)),
        ]
    }

    var delete: JSONObject {
        [
            "operationId": "delete", "tags": [.string(table.name)], "summary": "Delete a record for good.",
            "parameters": .array(Self.common),
            "responses": .object(
                responses(
                    "200", "The record is gone.", "Done",
                    errors: [.badRequest, .unauthorized, .forbidden, .notFound, .storage])),
        ]
    }

    static func reference(_ schema: String) -> JSON { ["$ref": .string("#/components/schemas/\(schema)")] }

    private static let common: [JSON] = [["$ref": "#/components/parameters/requestId"]]

    private static let listParameters = [
        "page", "limit", "offset", "sortBy", "sortDirection", "search", "searchType", "andFilters", "orFilters",
        "select", "fields",
    ]

    private static let bodyErrors: [OpenAPIErrors] = [.tooLarge, .notJSON, .storage]

    private func body(_ schema: JSON) -> JSON {
        [
            "required": true,
            "description": .string(
                "At most \(limits.bodyBytes) bytes, \(limits.bodyDepth) levels and \(limits.bodyValues) values. Keys are "
                    + "not empty, hold no dot and no U+0000, and don't begin with $."),
            "content": ["application/json": ["schema": schema]],
        ]
    }

    /// Where a created record is found.
    private var links: JSON {
        let id = isWrapped ? "$response.body#/data/id" : "$response.body#/id"
        return .object(
            JSONObject(
                ["read", "update", "delete"].map {
                    ($0, ["operationId": .string($0), "parameters": ["id": .string(id)]])
                }))
    }

    /// The answers of an operation: that of success, then its errors, those of every operation included.
    private func responses(
        _ status: String, _ description: String, _ schema: String, errors: [OpenAPIErrors]
    ) -> JSONObject {
        var out: JSONObject = [
            status: [
                "description": .string(description), "headers": OpenAPIErrors.headers,
                "content": ["application/json": ["schema": wrapped(Self.reference(schema))]],
            ]
        ]
        if status == "201", var created = out[status]?.objectValue {
            created["links"] = links
            out[status] = .object(created)
        }
        for error in errors + [.tooMany, .failure, .busy] {
            out[String(error.status)] = .object(error.json(describing: error == .badQuery ? limits : nil))
        }
        return out
    }

    private func wrapped(_ schema: JSON) -> JSON {
        guard isWrapped else { return schema }
        return [
            "type": "object", "required": ["success", "data"],
            "properties": ["success": ["type": "boolean", "enum": [true]], "data": schema],
        ]
    }
}
